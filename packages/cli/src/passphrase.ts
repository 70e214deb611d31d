/**
 * The passphrase: from a file, a command, the environment, or asked for on a terminal. Exactly one source, so that it
 * is never a question which of two was used. No message ever holds a passphrase, or the output of a command.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { constants, openSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import { BcatError } from "@bcat/errors";
import type { Options, Variables } from "./options.js";
import { usageError } from "./usage.js";

/** Larger than any passphrase, bytes: what is larger is the wrong file. */
const passphraseSizeMax = 65_536;

export type PassphraseSource =
  | { readonly kind: "file" | "command"; readonly value: string }
  | { readonly kind: "variable"; readonly value: string }
  | { readonly kind: "prompt" };

/** Asks a person, without showing what is typed. Undefined where there is no terminal. */
export type Ask = (question: string) => Promise<string>;

export interface PassphraseRequest {
  readonly source: PassphraseSource;
  readonly ask: Ask | undefined;
  /** For a new repository: asked for twice, and not empty. */
  readonly isNew: boolean;
  readonly signal: AbortSignal;
}

/** @throws {BcatError} with code "usage" when there is more than one source. */
export function choosePassphraseSource(options: Options, variables: Variables): PassphraseSource {
  const [file, command] = [options.text("password-file"), options.text("password-command")];
  const value = variables.BCAT_PASSWORD;
  if (value === "") throw usageError("Cannot use BCAT_PASSWORD: it is set but empty; unset it or give it a value");
  const named = [
    ...(file === undefined ? [] : ["--password-file (BCAT_PASSWORD_FILE)"]),
    ...(command === undefined ? [] : ["--password-command (BCAT_PASSWORD_COMMAND)"]),
    ...(value === undefined ? [] : ["BCAT_PASSWORD"]),
  ];
  if (named.length > 1)
    throw usageError(`Cannot choose between two passphrase sources: give only one of ${named.join(" and ")}`);
  if (file !== undefined) return { kind: "file", value: file };
  if (command !== undefined) return { kind: "command", value: command };
  return value === undefined ? { kind: "prompt" } : { kind: "variable", value };
}

/**
 * @throws {BcatError} with code "usage" for what cannot be a passphrase, and "wrong-passphrase" when none could be had.
 */
export async function getPassphrase(request: PassphraseRequest): Promise<string> {
  const { source, isNew, signal } = request;
  if (source.kind === "prompt") return await promptPassphrase(request);
  const passphrase = await passphraseFrom(source, signal);
  if (isNew && passphrase === "")
    throw usageError(`Cannot create a repository: the passphrase ${origin(source)} is empty`);
  return passphrase;
}

async function passphraseFrom(
  source: Exclude<PassphraseSource, { kind: "prompt" }>,
  signal: AbortSignal,
): Promise<string> {
  if (source.kind === "variable") return source.value;
  const bytes = source.kind === "file" ? await readFile(source.value, signal) : await runCommand(source.value, signal);
  return decodePassphrase(bytes, origin(source));
}

function origin(source: Exclude<PassphraseSource, { kind: "prompt" }>): string {
  if (source.kind === "variable") return "in BCAT_PASSWORD";
  return source.kind === "file" ? `in file "${source.value}"` : "from the password command";
}

/**
 * The passphrase in the content of a file or output: UTF-8, without one newline at its end.
 *
 * @throws {BcatError} with code "usage" for UTF-16 and other bytes that nobody could type at the prompt.
 */
export function decodePassphrase(bytes: Uint8Array, where: string): string {
  const refuse = (found: string) =>
    usageError(`Cannot use the passphrase ${where}: ${found}; it must be text in UTF-8`);
  if (bytes.length > passphraseSizeMax) throw tooLong(where);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw refuse("it is UTF-16");
  if (bytes.includes(0)) throw refuse("it holds a NUL byte");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw refuse("it is not UTF-8");
  }
}

async function readFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return (await stat(path)).isFIFO() ? await readPipe(path, signal) : await readStart(path);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw noPassphrase(`Cannot read the password file "${path}": ${reasonOf(cause)}`, cause);
  }
}

/** Waits as a socket does, not in a thread: there neither a signal nor the end of the process would end it. */
async function readPipe(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = addAbortSignal(signal, new Socket({ fd, readable: true, writable: false }));
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of pipe as AsyncIterable<Uint8Array>) {
    parts.push(part);
    length += part.length;
    if (length > passphraseSizeMax) break;
  }
  return Buffer.concat(parts);
}

/** Up to one byte more than allowed, so that a device without end does not fill the memory. */
async function readStart(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const buffer = Buffer.alloc(passphraseSizeMax + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await file?.close();
  }
}

/** The command may ask on the terminal itself: it has our stdin and stderr. */
async function runCommand(command: string, signal: AbortSignal): Promise<Uint8Array> {
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["inherit", "pipe", "inherit"], signal });
  const ended = endOf(child, signal);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of child.stdout as AsyncIterable<Uint8Array>) {
    length += part.length;
    // The rest is read and dropped: a command that is cut off would report a failure of its own.
    if (length <= passphraseSizeMax) parts.push(part);
  }
  await ended;
  if (length > passphraseSizeMax) throw tooLong(origin({ kind: "command", value: command }));
  return Buffer.concat(parts);
}

/** Settles when the command has ended, and rejects when it did not end well. */
function endOf(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (how: string) => reject(noPassphrase(`Cannot get the passphrase: the password command ${how}`));
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

function tooLong(where: string): BcatError {
  return usageError(`Cannot use the passphrase ${where}: it is longer than ${passphraseSizeMax} bytes`);
}

function noPassphrase(message: string, cause?: unknown): BcatError {
  return new BcatError("wrong-passphrase", message, { cause });
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "there is no such file";
  return code === "EACCES" ? "permission denied" : code || String(error);
}

async function promptPassphrase({ ask, isNew }: PassphraseRequest): Promise<string> {
  if (ask === undefined) {
    throw noPassphrase(
      "Cannot ask for the passphrase: there is no terminal; give --password-file, --password-command or BCAT_PASSWORD",
    );
  }
  const passphrase = await ask(isNew ? "passphrase for the new repository: " : "passphrase: ");
  if (!isNew) return passphrase;
  if (passphrase === "") throw usageError("Cannot create a repository: the passphrase is empty");
  if ((await ask("the same passphrase again: ")) !== passphrase)
    throw usageError("Cannot create a repository: the two passphrases differ; nothing was created");
  return passphrase;
}
