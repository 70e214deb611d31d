/** A restore in place is remembered while it runs and when it is over; one that ends early says what undo puts back. */
import type { Repository } from "@bcat/repository";
import type { RestoreOptions, RestoreSummary } from "@bcat/snapshot";
import type { Output } from "./output.js";
import { type RestoreBegun, RestoreMemory } from "./restore-memory.js";
import { printNotice } from "./warning.js";

export type Keeping = Pick<NonNullable<RestoreOptions["keep"]>, "continues" | "onKept">;

export interface UndoableParts {
  readonly repository: Repository;
  readonly output: Output;
  /** The snapshot of what was overwritten just before, for the same purpose. */
  readonly after?: number | undefined;
}

/** @param run is to pass on what it is given as part of `keep` */
export async function runUndoable(
  { repository, output, after }: UndoableParts,
  begun: RestoreBegun,
  run: (keeping: Keeping) => Promise<RestoreSummary>,
): Promise<RestoreSummary> {
  const { newestUndo } = await import("@bcat/snapshot");
  const memory = new RestoreMemory(repository);
  const continues = memory.findUnfinished(begun)?.undo ?? after;
  let undo = continues;
  const put = (isFinished: boolean) => {
    // What was kept just now may not be among those that are known.
    const newest = Math.max(newestUndo(repository)?.number ?? 0, undo ?? 0);
    memory.put({ ...begun, undo, newest, isFinished });
  };
  const onKept = (number: number | undefined) => {
    undo = number ?? continues;
    put(false);
  };
  try {
    const summary = await run({ ...(continues === undefined ? {} : { continues }), onKept });
    put(true);
    return { ...summary, undoSnapshot: undo };
  } catch (error) {
    const goesOn = begun.kind === "undo" ? `; bcat undo ${begun.snapshot} goes on` : "";
    if (undo !== undefined) printNotice(`${keptLine(undo)}${goesOn}`, "restore-note", output);
    throw error;
  }
}

export function keepingBy(options: RestoreOptions, keeping: Keeping): RestoreOptions {
  return options.keep === undefined ? options : { ...options, keep: { ...options.keep, ...keeping } };
}

export function keptLine(number: number): string {
  return `kept what was there as snapshot ${number}: bcat undo ${number} puts it back`;
}
