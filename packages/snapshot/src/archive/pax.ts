/**
 * Extended headers of tar, POSIX.1-2001 `pax`: records `length key=value\n`, where the length, in decimal, counts itself
 * and all else of the record.
 *
 * Laws: `readPaxRecords(encodePaxRecords(records)) = records`, for keys without `=` and any values.
 */

/** A record; a value is bytes. */
export type PaxRecord = readonly [key: Uint8Array, value: Uint8Array];

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
/** Digits of a length: no header is longer than {@link paxSizeMax}. */
const DIGITS_MAX = 10;
/**
 * Bytes of the records of one entry that a reader takes, and of those of all: 64 attributes of the longest there are, and
 * long names.
 */
export const paxSizeMax = 8 * 2 ** 20;

export function encodePaxRecords(records: readonly PaxRecord[]): Uint8Array {
  return Buffer.concat(
    records.flatMap(([key, value]) => {
      const rest = key.length + value.length + 3;
      let length = rest + 1;
      // The digits of the length are among what it counts.
      while (length !== rest + String(length).length) length = rest + String(length).length;
      return [Buffer.from(`${length} `), key, Uint8Array.of(EQUALS), value, Uint8Array.of(NEWLINE)];
    }),
  );
}

/** Keys and values are views of `bytes`. @throws RangeError with what is wrong, for whoever knows the name of the archive */
export function readPaxRecords(bytes: Uint8Array): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let start = 0; start < bytes.length; ) {
    const space = bytes.indexOf(SPACE, start);
    const digits = Buffer.from(bytes.subarray(start, Math.max(start, space))).toString("latin1");
    const length = /^\d+$/.test(digits) && digits.length <= DIGITS_MAX ? Number(digits) : 0;
    const end = start + length;
    const equals = bytes.indexOf(EQUALS, space);
    if (space < 0 || end > bytes.length || equals < 0 || equals >= end - 1 || bytes[end - 1] !== NEWLINE)
      throw new RangeError("an extended header has a record of a wrong length");
    records.push([bytes.subarray(space + 1, equals), bytes.subarray(equals + 1, end - 1)]);
    start = end;
  }
  return records;
}
