/** What every failure of bcat looks like: an exit code of the table, one line that says what to do, and no secret. */
import { constants } from "node:os";
import { expect } from "vitest";
import { messagesOf, passphrase, type Run } from "./desk.js";

export interface Refusal {
  readonly code: number;
  /** Found in the line on stderr. */
  readonly says: RegExp;
}

/** Node's own ways to end: a stack, or the warning of a promise that was never settled. */
const accident = /^ {4}at |node:internal|Warning:|unsettled|unexpected (end|\w*Error)|UnhandledPromise/m;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them.
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

/** The run ended so, printed no result and one line on stderr. */
export function expectRefusal(run: Run, refusal: Refusal): void {
  expectClean(run);
  expectEnd(run, refusal.code);
  // A backup says first that it has nothing to compare with, and what it goes on from.
  expect(run.stdout).toMatch(/^(?:no parent snapshot[^\n]*\n)?(?:(?:going on from|taken over from)[^\n]*\n)*$/);
  const messages = messagesOf(run.stderr);
  expect(messages).toEqual([expect.stringMatching(/^bcat: ./)]);
  expect(messages[0]).toMatch(refusal.says);
}

/** The same with `--json`. */
export function expectJsonRefusal(run: Run, refusal: Refusal): void {
  expectClean(run);
  expectEnd(run, refusal.code);
  expect(run.stdout).toMatch(/^(?:\{"message_type":"(?:parents|status)",[^\n]*\n)*$/);
  const messages = messagesOf(run.stderr);
  expect(messages).toHaveLength(1);
  const message = JSON.parse(messages[0]!);
  const error_code = expect.stringMatching(/^[a-z-]+$/);
  expect(message).toEqual({ message_type: "exit_error", code: refusal.code, error_code, message: expect.any(String) });
  expect(message.message).toMatch(refusal.says);
}

/** With the number that a shell shows: of the exit, or of the signal that ended what did not answer. */
function expectEnd({ code, signal }: Run, expected: number): void {
  const shown = signal === null || expected <= 128 ? code : 128 + constants.signals[signal];
  expect(shown).toBe(expected);
}

/** Nothing that ought never to be printed was. */
export function expectClean({ stdout, stderr }: Run): void {
  expect(stdout + stderr).not.toContain(passphrase);
  expect(stderr).not.toMatch(accident);
  expect(stderr).not.toMatch(control);
  expect(stdout).not.toMatch(control);
}

/** The run failed, or went on, with warnings before its last line; all of them lines of bcat. */
export function expectWarnings(run: Run, code: number, warnings: readonly RegExp[]): void {
  expectClean(run);
  expect(run).toMatchObject({ code, signal: null });
  const lines = messagesOf(run.stderr);
  // Entries are read by several threads: which is named first depends on the machine.
  expect(lines).toEqual(expect.arrayContaining(warnings.map((warning) => expect.stringMatching(warning))));
  expect(lines).toHaveLength(warnings.length);
  for (const line of lines) expect(line).toMatch(/^bcat: /);
}
