/**
 * Runs the `credential_process` of a profile, in place of the SDK, which waits for it for ever and does not pass on why it
 * failed. What is told of it is never its command line, in which there may be a secret, but what it says itself.
 */
import { exec } from "node:child_process";
import type { Sdk } from "./connection.js";

/** It may ask somebody to touch a key (ms). The SDK asks it twice. */
export const keyProcessMax = 60_000;
const outputMax = 2 ** 20;
const wordsMax = 200;

type Done = (error: Error | null, output?: { readonly stdout: string }) => void;

/** In the form of `exec`. */
export function runKeyProcess(command: string, done: Done, timeoutMs = keyProcessMax): void {
  const limits = { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: outputMax } as const;
  exec(command, limits, (error, stdout, stderr) => {
    if (error === null) done(null, { stdout });
    else done(new Error(`the credential process ${fateOf(error, timeoutMs)}${lastLine(stderr)}`));
  });
}

function fateOf({ killed, signal, code }: { killed?: boolean; signal?: unknown; code?: unknown }, timeoutMs: number) {
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "printed more than keys";
  if (killed === true) return `gave no keys within ${timeoutMs / 1000} seconds`;
  return typeof signal === "string" ? `was ended by ${signal}` : `ended with code ${String(code)}`;
}

function lastLine(text: string): string {
  const line = text.trim().split("\n").at(-1)?.trim().slice(0, wordsMax) ?? "";
  return line === "" ? "" : `: ${line}`;
}

/** Has the SDK run it so. */
export function takeOverKeyProcess({ externalDataInterceptor }: Sdk): void {
  externalDataInterceptor.interceptToken("exec", (command: string, done: Done) => runKeyProcess(command, done));
}

/** Why a process gave no keys, out of a line that the SDK would log; undefined where that says something else. */
export function keyProcessFault(line: string): string | undefined {
  const [, own] = /(?:->|\(!\)) (the credential process .*)$/s.exec(line) ?? [];
  const [, ofSdk] =
    /(?:->|\(!\)) Profile .* credential_process ((?:returned|did not return) .*?)\.?$/s.exec(line) ?? [];
  return own ?? (ofSdk && `the credential process ${ofSdk}`);
}
