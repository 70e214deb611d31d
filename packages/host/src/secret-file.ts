/** Files that hold a secret. They may be pipes, and devices without end. */
import { constants, openSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import { BcatError, bytesOfText, describeSystemError } from "@bcat/errors";
import { secretSizeMax } from "./passphrase.js";

export interface SecretFileOptions {
  /** For messages: "password file". */
  readonly what: string;
  readonly signal: AbortSignal;
}

/**
 * The content of the file whose path has this text (`textOfBytes`), cut off somewhere beyond the largest secret.
 *
 * @throws {BcatError} with code "wrong-passphrase" when it cannot be read.
 */
export async function readSecretFile(text: string, { what, signal }: SecretFileOptions): Promise<Uint8Array> {
  const path = Buffer.from(bytesOfText(text));
  try {
    return (await stat(path)).isFIFO() ? await readPipe(path, signal) : await readStart(path);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new BcatError("wrong-passphrase", `Cannot read the ${what} "${text}": ${describeSystemError(cause)}`, {
      cause,
    });
  }
}

/** Waits as a socket does, not in a thread: there neither a signal nor the end of the process would end it. */
async function readPipe(path: Buffer, signal: AbortSignal): Promise<Uint8Array> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = addAbortSignal(signal, new Socket({ fd, readable: true, writable: false }));
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of pipe as AsyncIterable<Uint8Array>) {
    parts.push(part);
    length += part.length;
    if (length > secretSizeMax) break;
  }
  return Buffer.concat(parts);
}

/** Up to one byte more than allowed, so that a device without end does not fill the memory. */
async function readStart(path: Buffer): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const buffer = Buffer.alloc(secretSizeMax + 1);
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
