/** Reads the body of an answer into memory, and holds the server to what its head says. */
import type { Readable } from "node:stream";
import { type ByteRange, type GetOptions, objectSizeMax } from "../storage.js";

/** Not what was asked for; asked again it may be. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

export interface Head {
  /** Bytes that the body says to have; undefined where it does not. */
  readonly length: number | undefined;
  /** `bytes 0-9/20`; undefined for the whole object. */
  readonly contentRange: string | undefined;
}

/**
 * The bytes of `range`, or all. A server that knows no ranges answers with the whole object, some with more than was asked
 * for: what is before the range is passed over, and what is after it is not waited for.
 */
export async function readBody(stream: Readable, head: Head, { range, into }: GetOptions): Promise<Uint8Array> {
  const skip = skipOf(head.contentRange, range);
  const most = Math.min(range?.length ?? objectSizeMax, objectSizeMax);
  const { length } = head;
  if (range === undefined && length !== undefined && length > most)
    throw new AnswerError(`its ${length} bytes are above the maximum ${objectSizeMax}`);
  if (length === undefined) return await collect(stream, { skip, most });
  const expected = Math.max(Math.min(length - skip, most), 0);
  const target = into !== undefined && into.length >= expected ? into.subarray(0, expected) : new Uint8Array(expected);
  await fill(stream, { skip, target });
  return target;
}

/** Bytes of the answer before the range. A server may answer with more than that was asked for, not with less. */
function skipOf(contentRange: string | undefined, range: ByteRange | undefined): number {
  if (contentRange === undefined) return range?.offset ?? 0;
  const [, first = "", last, size = "*"] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange) ?? [];
  const skip = (range?.offset ?? 0) - Number(first);
  const end = range === undefined ? Number.NaN : Math.min(range.offset + range.length, size === "*" ? 0 : Number(size));
  if (first !== "" && skip >= 0 && Number(last) + 1 >= end) return skip;
  throw new AnswerError(`it answers with another range (${contentRange})`);
}

/** Fills `target` with what comes after the first `skip` bytes. */
async function fill(stream: Readable, { skip, target }: { skip: number; target: Uint8Array }): Promise<void> {
  let position = 0;
  const isWhole = await consume(stream, (chunk) => {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const part = chunk.subarray(from, from + target.length - position);
    target.set(part, position);
    position += part.length;
    return skip > 0 || position < target.length;
  });
  if (position < target.length && isWhole)
    throw new AnswerError(`it sends ${position} bytes where it says ${target.length}`);
}

/** For a body of unknown length. */
async function collect(stream: Readable, { skip, most }: { skip: number; most: number }): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  await consume(stream, (chunk) => {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const part = chunk.subarray(from, from + most - length);
    parts.push(part);
    length += part.length;
    return length < most;
  });
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Gives every piece to `take` until that has enough or the stream ends. The rest, if there is any, is not read, and the
 * connection is given up for it.
 */
function consume(stream: Readable, take: (chunk: Uint8Array) => boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let wants = true;
    stream.on("data", (chunk: Uint8Array) => {
      if (wants) wants = take(chunk);
      else {
        stream.destroy();
        resolve(false);
      }
    });
    stream.once("end", () => resolve(true));
    stream.once("error", reject);
    stream.once("close", () => reject(new AnswerError("the answer was cut short")));
  });
}
