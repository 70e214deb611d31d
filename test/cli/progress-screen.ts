/** What a terminal gets of the progress of a command: the lines as they stand in the middle of its work. */
import { Output, type TextStream } from "../../packages/cli/src/output.js";
import { Progress, type ProgressForm } from "../../packages/cli/src/progress.js";

/** Between the reports, on a clock that the test owns. */
const STEP_MS = 30_000;

/** All that is written for these reports, one after the other, to a terminal of that width. */
export function terminalTextOf<State>(form: ProgressForm<State>, states: readonly State[], columns: number): string {
  const texts: string[] = [];
  const stderr: TextStream = {
    isTTY: true,
    columns,
    write: (text) => texts.push(text) > 0,
    on: () => {},
    once: () => {},
  };
  const output = new Output({ stdout: { ...stderr, isTTY: false }, stderr, json: false, color: false });
  let ms = 0;
  const progress = new Progress(form, { output, now: () => ms, intervalMs: undefined });
  for (const state of states) {
    ms += STEP_MS;
    progress.update(state);
  }
  return texts.join("");
}
