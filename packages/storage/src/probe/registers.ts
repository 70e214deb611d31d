/** Whether put-if-absent is what it says: one value for a name, whoever comes at the same time. */
import { isBcatError, StorageError } from "@bcat/errors";
import { equalBytes } from "../equal-bytes.js";
import { PROBE_WIDTH, type ProbeBench } from "./bench.js";
import type { ProbeFinding } from "./report.js";

/** Bytes of a small register, and of one that is on its way for a while. */
const SMALL = 300;
const LARGE = 256 * 1024;

/** How many rounds of {@link PROBE_WIDTH} racers each. */
export interface Rounds {
  readonly small: number;
  readonly large: number;
}

/** One after the other: the second is refused, and the first stands. */
export async function probeTwice(bench: ProbeBench): Promise<ProbeFinding> {
  const { storage } = bench;
  const check = "put-if-absent, one after the other";
  const name = bench.name("twice");
  const first = bench.body(SMALL);
  const refusal = await outcomeOf(storage.putIfAbsent(name, first));
  if (isFinal(refusal)) return { check, verdict: "bad", found: refusal.message };
  if (refusal !== "won") throw refusal;
  const second = await outcomeOf(storage.putIfAbsent(name, bench.body(SMALL)));
  const value = await storage.get(name);
  if (second === "won") return { check, verdict: "bad", found: "a second value is taken for the same name" };
  if (!isBcatError(second, "exists")) throw second;
  if (value !== undefined && equalBytes(value, first))
    return { check, verdict: "good", found: "the second is refused" };
  return { check, verdict: "bad", found: "the second is refused, but the first is not there any more" };
}

/** Many at once: one wins, and its bytes stand. */
export async function probeRaces(bench: ProbeBench, { small, large }: Rounds): Promise<ProbeFinding> {
  const check = "put-if-absent, many at once";
  for (let round = 1; round <= small + large; round++) {
    const fault = await race(bench, `race-${round}`, round <= small ? SMALL : LARGE);
    if (fault !== undefined) return { check, verdict: "bad", found: `round ${round}: ${fault}` };
  }
  const found = `${small + large} rounds of ${PROBE_WIDTH} writers, one winner each`;
  return { check, verdict: "good", found };
}

/** What is wrong with the outcome, if anything. @throws StorageError when the storage did not answer well enough to tell */
async function race(bench: ProbeBench, word: string, size: number): Promise<string | undefined> {
  const { storage } = bench;
  const name = bench.name(word);
  const values = Array.from({ length: PROBE_WIDTH }, () => bench.body(size));
  const outcomes = await Promise.all(values.map((value) => outcomeOf(storage.putIfAbsent(name, value))));
  const winners = values.filter((_, racer) => outcomes[racer] === "won");
  if (winners.length > 1) return `${winners.length} of ${PROBE_WIDTH} writers were told that they had won`;
  const unknown = outcomes.find((outcome) => outcome !== "won" && !isBcatError(outcome, "exists"));
  const value = await storage.get(name);
  const stands = (bytes: Uint8Array) => value !== undefined && equalBytes(value, bytes);
  const [winner] = winners;
  if (winner !== undefined) return stands(winner) ? undefined : "what the winner wrote does not stand";
  // One whose answer was lost may have won.
  if (unknown !== undefined && values.some((bytes, racer) => outcomes[racer] === unknown && stands(bytes)))
    return undefined;
  if (unknown !== undefined) throw unknown;
  return "all writers were told that they had lost";
}

async function outcomeOf(write: Promise<void>): Promise<"won" | Error> {
  try {
    await write;
    return "won";
  } catch (error) {
    if (isBcatError(error) && (error.code === "exists" || error.code === "storage-failed")) return error;
    throw error;
  }
}

function isFinal(outcome: "won" | Error): outcome is StorageError {
  return outcome instanceof StorageError && outcome.isFinal;
}
