/**
 * Registers: numbered keys decided once, by put-if-absent, in the dense sequences `sessions`, `outcomes` and `log`
 * (docs/format.md section 2). That numbers are dense is what makes listings unnecessary and holes evidence.
 */
import { BcatError, isBcatError, StorageError } from "@bcat/errors";
import { formatNumber } from "@bcat/pack";
import type { Registers } from "@bcat/storage";

export type Sequence = "sessions" | "outcomes" | "log";

export function registerName(sequence: Sequence, number: number): string {
  return `${sequence}/${formatNumber(number)}`;
}

/**
 * Decides a register. True when `bytes` are its value, also when a lost acknowledgement made our own success look like
 * a conflict; false when somebody else's are.
 *
 * @throws StorageError when the outcome is not known; when the register is there and then is not: what had it went back in
 *   time, and whoever took the next number would leave a hole
 */
export async function decideRegister(registers: Registers, name: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await registers.putIfAbsent(name, bytes);
    return true;
  } catch (error) {
    if (!isBcatError(error, "exists")) throw error;
    const value = await registers.get(name);
    if (value === undefined) throw notGivenBack(name, "it has");
    return Buffer.compare(value, bytes) === 0;
  }
}

/**
 * {@link decideRegister}, and then reads what the register holds. Where put-if-absent is not what it says, that narrows
 * the window in which two writers both believe that theirs is the value; it proves nothing.
 *
 * @throws StorageError also when the value cannot be read back: it may be there all the same
 */
export async function decideAndReadBack(registers: Registers, name: string, bytes: Uint8Array): Promise<boolean> {
  if (!(await decideRegister(registers, name, bytes))) return false;
  let value: Uint8Array | undefined;
  try {
    value = await registers.get(name);
    // What seems to be somebody else's may have been the line.
    if (value !== undefined && Buffer.compare(value, bytes) !== 0) value = await registers.get(name);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new StorageError(`${error.message}; it was put and could not be read back`, {
      cause: error,
    });
  }
  if (value === undefined) throw notGivenBack(name, "it took");
  return Buffer.compare(value, bytes) === 0;
}

function notGivenBack(name: string, why: string): StorageError {
  return new StorageError(`Cannot rely on the storage: ${why} "${name}" and does not give it back`, { isFinal: true });
}

/** The highest number of a sequence of registers, 0 for none. `known` numbers are known to exist. */
export async function findHead(registers: Registers, sequence: Sequence, known: number): Promise<number> {
  return await findLast(async (number) => (await registers.get(registerName(sequence, number))) !== undefined, known);
}

/**
 * The highest number of a dense sequence that `exists`, 0 for none; numbers up to `known` do. A cold start doubles its
 * step and then bisects, so that ten thousand snapshots cost about 25 requests.
 */
export async function findLast(exists: (number: number) => Promise<boolean>, known: number): Promise<number> {
  let low = known;
  let step = 1;
  while (await exists(low + step)) {
    low += step;
    step *= 2;
  }
  let high = low + step;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await exists(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Refuses a sequence of sessions that goes on behind its first gap: somebody removed `sessions/<head + 1>`, and going on
 * from here would hide all later snapshots.
 *
 * @throws BcatError identity-changed
 */
export async function refuseHole(registers: Registers, head: number): Promise<void> {
  const outcome = registerName("outcomes", head + 1);
  const later = registerName("sessions", head + 2);
  const missing = registerName("sessions", head + 1);
  for (const name of [outcome, later]) {
    if ((await registers.get(name)) === undefined) continue;
    // Others may have begun since the head was looked for.
    if ((await registers.get(missing)) !== undefined) return;
    throw new BcatError(
      "identity-changed",
      `Cannot read the repository: "${missing}" is missing although "${name}" exists`,
    );
  }
}
