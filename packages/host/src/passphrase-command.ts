/** A passphrase that a shell command prints. */
import { type ChildProcess, spawn } from "node:child_process";
import { BcatError } from "@bcat/errors";
import { secretSizeMax } from "./passphrase.js";

/**
 * What the command prints, cut off somewhere beyond the longest passphrase. It may ask on the terminal itself: it has
 * our stdin and stderr.
 *
 * @throws {BcatError} with code "wrong-passphrase" when the command fails.
 */
export async function runPassphraseCommand(command: string, signal: AbortSignal): Promise<Uint8Array> {
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["inherit", "pipe", "inherit"], signal });
  const ended = endOf(child, signal);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of child.stdout as AsyncIterable<Uint8Array>) {
    // The rest is read and dropped: a command that is cut off would report a failure of its own.
    if (length <= secretSizeMax) parts.push(part);
    length += part.length;
  }
  await ended;
  return Buffer.concat(parts);
}

/** Settles when the command has ended, and rejects when it did not end well. */
function endOf(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (how: string) =>
      reject(new BcatError("wrong-passphrase", `Cannot get the passphrase: the password command ${how}`));
    child.once("error", (error) => (signal.aborted ? reject(signal.reason) : fail(`did not start (${error.message})`)));
    child.once("close", (status, killer) => {
      if (status === 0) resolve();
      // Ctrl-C goes to the command too, and its end may be seen before our own signal.
      else if (killer === "SIGINT") reject(new BcatError("interrupted", "Interrupted while asking for the passphrase"));
      else fail(killer === null ? `ended with status ${status}` : `was killed by ${killer}`);
    });
  });
  // Awaited only after stdout is read.
  ended.catch(() => {});
  return ended;
}
