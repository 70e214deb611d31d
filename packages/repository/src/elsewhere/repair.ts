/**
 * Makes the registers of a repository anew, out of their copies: for a table that was lost, or has gone back in time.
 *
 * The order is what makes it safe: the table is closed to all first, then the newest announced generation is read, then
 * the next one is written, here and there, then the table is opened with it, and, if it still is, that is announced
 * last. Whoever was about to acknowledge something finds the table closed; and what was acknowledged before has its copy.
 * Nothing is undone when a repair dies: the next one begins again, with a generation of its own.
 */
import { CorruptError, isBcatError, StorageError } from "@bcat/errors";
import { type RegisterRow, type RegisterTable, repairOvertaken, type Storage } from "@bcat/storage";
import { registerName, type Sequence } from "../registers.js";
import { announce, COPIES, copyName, findAnnounced, findUnannounced, isAnnounced, splitCopyName } from "./copies.js";
import type { RegisterCheck } from "./register-check.js";

/** Rows read, copied and written at once. */
const ROWS_AT_ONCE = 32;
/** Repairs in a row that may die, and the table be lost then, without their numbers being used once more. */
const AHEAD_MAX = 100;
/** Times a copy that is not whole is read before it is given up, when each reading brings something else. */
const LOOKS_MAX = 5;

export interface RepairParts {
  readonly objects: Storage;
  readonly table: RegisterTable;
  /** Of the registers. */
  readonly id: Uint8Array;
  /** Hexadecimal, of this repair alone. */
  readonly token: string;
  readonly isWhole: RegisterCheck;
}

export interface RepairSummary {
  readonly generation: number;
  /** Rows, by what they are. */
  readonly rows: Readonly<Record<Sequence, number>>;
}

/** @throws {CorruptError} when a copy is missing in between: then the table stays closed; BcatError, StorageError */
export async function repairRegisters(parts: RepairParts): Promise<RepairSummary> {
  const { objects, table, id, token } = parts;
  const highest = await table.close(token);
  const announced = await findAnnounced(objects, id);
  const from = Math.max(1, announced);
  const known = Math.max(highest, announced);
  const listed = await listCopies(parts, { from, last: known + AHEAD_MAX });
  const generation = Math.max(known, listed.generation) + 1;
  await table.claim(token, generation, highest);
  const rows = { sessions: 0, log: 0, outcomes: 0 };
  const copy = (sequence: Sequence, count: number) => copySequence(parts, { from, generation, sequence, count });
  rows.sessions = await copy("sessions", Math.max(listed.sessions, listed.outcomes));
  rows.log = await copy("log", listed.log);
  rows.outcomes = await copy("outcomes", rows.sessions);
  await table.open(token, generation);
  const missing = await findUnannounced(objects, generation, id);
  await requireOpen(table, generation);
  await announce(objects, missing, id);
  return { generation, rows };
}

/** What is announced lasts: not what a table had that has gone back meanwhile. @throws BcatError identity-changed */
async function requireOpen(table: RegisterTable, generation: number): Promise<void> {
  const state = await table.state();
  if (state?.generation !== generation || !state.isOpen) throw repairOvertaken(table.location);
}

interface Listed extends Record<Sequence, number> {
  /** The highest of which anything is there, and which its repair may have announced before it died. */
  readonly generation: number;
}

interface Listing {
  /** The generation whose copies are looked for. */
  readonly from: number;
  /** What is there of later generations, no repair has put. */
  readonly last: number;
}

/** The highest numbers that have copies in `from`; that of sessions and log may be higher, if the listing is old. */
async function listCopies({ objects, id }: RepairParts, { from, last }: Listing): Promise<Listed> {
  const listed = { sessions: 0, outcomes: 0, log: 0, generation: 0 };
  for await (const { name } of objects.list?.(COPIES) ?? []) {
    const copy = splitCopyName(name);
    if (copy === undefined || copy.generation > last) continue;
    if (copy.rest === "meta" && !(await isOurs(objects, copy.generation, id))) continue;
    listed.generation = Math.max(listed.generation, copy.generation);
    if (copy.generation !== from) continue;
    const [, sequence, number] = /^(sessions|outcomes|log)\/(\d{10})$/.exec(copy.rest) ?? [];
    if (sequence !== undefined) listed[sequence as Sequence] = Math.max(listed[sequence as Sequence], Number(number));
  }
  return listed;
}

/** Whoever has put another repository's announcement there, or a part of one: it is not one of these registers. */
async function isOurs(objects: Storage, generation: number, id: Uint8Array): Promise<boolean> {
  try {
    return await isAnnounced(objects, generation, id);
  } catch (error) {
    if (!isBcatError(error, "identity-changed")) throw error;
    return false;
  }
}

interface Copying {
  readonly from: number;
  readonly generation: number;
  readonly sequence: Sequence;
  /** Numbers up to this one exist, but for outcomes. */
  readonly count: number;
}

async function copySequence(parts: RepairParts, copying: Copying): Promise<number> {
  const { objects, table, token } = parts;
  let copied = 0;
  for (let first = 1; ; first += ROWS_AT_ONCE) {
    const rows = await readRows(parts, copying, first);
    await Promise.all(rows.map(({ name, bytes }) => objects.put(copyName(copying.generation, name), bytes)));
    if (rows.length > 0) await table.fill(token, copying.generation, rows);
    copied += rows.length;
    const isAtEnd = first + ROWS_AT_ONCE > copying.count;
    if (isAtEnd && (rows.length < ROWS_AT_ONCE || copying.sequence === "outcomes")) return copied;
  }
}

/** Those of the numbers from `first` on that have copies. */
async function readRows(parts: RepairParts, copying: Copying, first: number): Promise<RegisterRow[]> {
  const { from, sequence, count } = copying;
  const numbers = Array.from({ length: ROWS_AT_ONCE }, (_, index) => first + index);
  const names = numbers.map((number) => registerName(sequence, number));
  const values = await Promise.all(names.map((name) => readCopy(parts, from, name)));
  const rows: RegisterRow[] = [];
  for (const [index, bytes] of values.entries()) {
    if (bytes !== undefined) rows.push({ name: names[index]!, bytes });
    else if (sequence !== "outcomes" && numbers[index]! <= Math.max(count, first + lastOf(values)))
      throw missing(copyName(from, names[index]!));
  }
  return rows;
}

/**
 * What arrives may be cut short, and would be the register from then on: what is not whole is read again. A copy that is
 * damaged itself is taken as it is: the others are worth the registers.
 */
async function readCopy(
  { objects, isWhole }: RepairParts,
  generation: number,
  name: string,
): Promise<Uint8Array | undefined> {
  const copy = copyName(generation, name);
  let before: Uint8Array | undefined;
  for (let look = 1; look <= LOOKS_MAX; look++) {
    const bytes = await objects.get(copy);
    if (bytes === undefined || isWhole(name, bytes)) return bytes;
    if (before !== undefined && Buffer.compare(before, bytes) === 0) return bytes;
    before = bytes;
  }
  throw new StorageError(`Cannot read "${copy}": each of ${LOOKS_MAX} readings brought other bytes`);
}

function lastOf(values: readonly (Uint8Array | undefined)[]): number {
  return values.findLastIndex((value) => value !== undefined);
}

function missing(copy: string): CorruptError {
  const found = "it is missing although later ones exist; the registers stay closed until it is there again";
  return new CorruptError(`Cannot repair the registers from "${copy}": ${found}`, { object: copy });
}
