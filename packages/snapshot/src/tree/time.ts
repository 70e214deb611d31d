/**
 * Times in columns: zigzag seconds, as difference to the time before (the first to 0) ‖ varint nanoseconds.
 */

import type { ByteReader, ByteWriter } from "@bcat/codec";
import { nanosecondsMax, secondsMax } from "./node.js";

/** @param previous seconds of the time before. */
export function writeTime(writer: ByteWriter, time: { seconds: number; nanoseconds: number; previous: number }): void {
  const { seconds, nanoseconds, previous } = time;
  if (!(Math.abs(seconds) <= secondsMax && nanoseconds <= nanosecondsMax)) {
    throw new RangeError(`Cannot write time ${seconds} s ${nanoseconds} ns: at most ${secondsMax} s from 1970`);
  }
  writer.zigzag(seconds - previous);
  writer.varint(nanoseconds);
}

/** @param previous seconds of the time before. */
export function readSeconds(reader: ByteReader, previous: number): number {
  const seconds = previous + reader.zigzag();
  if (Math.abs(seconds) > secondsMax) throw reader.corrupt(`time ${seconds} s is more than ${secondsMax} s from 1970`);
  return seconds;
}

export function readNanoseconds(reader: ByteReader): number {
  const nanoseconds = reader.varint();
  if (nanoseconds > nanosecondsMax) throw reader.corrupt(`${nanoseconds} ns are above ${nanosecondsMax}`);
  return nanoseconds;
}
