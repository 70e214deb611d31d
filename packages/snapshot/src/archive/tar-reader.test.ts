/** What an archive says of itself costs no more memory than it may, and no time for ever. */
import { describe, expect, test } from "vitest";
import { encodePaxRecords, type PaxRecord } from "./pax.js";
import { encodeTarHeader, type TarEntry, TarType, tarBlockSize, tarPadding } from "./tar-header.js";
import { TarReader } from "./tar-reader.js";

const MEBIBYTE = 2 ** 20;
/** Where a reader that does not stop by itself is stopped. */
const ENOUGH = 64 * MEBIBYTE;

const entry = (fields: Partial<TarEntry>): TarEntry => ({
  name: Buffer.from("file"),
  type: TarType.file,
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: Buffer.from("me"),
  group: Buffer.from("me"),
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  size: 0,
  ...fields,
});

const record = (key: string, value: string | Uint8Array): PaxRecord => [Buffer.from(key), Buffer.from(value)];

/** A header of any type, with its body. */
function extended(type: string, body: Uint8Array): Uint8Array {
  const header = encodeTarHeader(entry({ type: type.charCodeAt(0) as TarType, size: body.length }));
  return Buffer.concat([header, body, new Uint8Array(tarPadding(body.length))]);
}

/** A reader of `head`, and then of the same over and over, up to {@link ENOUGH}. */
function readerOf(head: Uint8Array, then: (index: number) => Uint8Array): TarReader {
  async function* pieces() {
    yield head;
    for (let index = 0, size = 0; size < ENOUGH; index++) {
      const piece = then(index);
      size += piece.length;
      yield piece;
    }
  }
  return new TarReader(pieces());
}

async function messageOf(reader: TarReader): Promise<string> {
  try {
    for (let found = await reader.next(); found !== undefined; found = await reader.next());
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("a tar archive", () => {
  test("whose map of holes has no end of a line is refused within a block or two", async () => {
    const records = [record("GNU.sparse.major", "1"), record("GNU.sparse.minor", "0")];
    const reader = readerOf(encodeTarHeader(entry({ size: 2 ** 40, records })), () => Buffer.alloc(MEBIBYTE, "1"));
    expect(await messageOf(reader)).toMatch(/a number that is none/);
    expect(reader.position).toBeLessThan(10 * tarBlockSize);
  });

  test.each([
    ["of one entry", "x"],
    ["of all entries", "g"],
  ])("whose extended headers %s have more records than are kept is refused", async (_, type) => {
    const reader = readerOf(new Uint8Array(0), (index) =>
      extended(type, encodePaxRecords([record(`user.${index}`, Buffer.alloc(MEBIBYTE))])),
    );
    expect(await messageOf(reader)).toMatch(/extended headers have \d+ bytes: at most/);
    expect(reader.position).toBeLessThan(12 * MEBIBYTE);
  });

  test("whose extended header of all entries comes again and again is read", async () => {
    const same = extended("g", encodePaxRecords([record("comment", Buffer.alloc(MEBIBYTE, "c"))]));
    const reader = readerOf(new Uint8Array(0), () => same);
    expect(await messageOf(reader)).toMatch(/lacks the block that ends a tar archive/);
    expect(reader.position).toBeGreaterThan(ENOUGH);
  });

  test("with a part of a file that is shorter than nothing is refused", async () => {
    const header = Buffer.from(encodeTarHeader(entry({ type: "S".charCodeAt(0) as TarType })));
    const put = (text: string, at: number) => header.write(text, at, "latin1");
    put("00000000012\0", 386);
    // -5 in base 256.
    header.fill(0xff, 398, 409);
    header[409] = 0xfb;
    put("00000001000\0", 483);
    header.fill(0x20, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    expect(await messageOf(readerOf(header, () => new Uint8Array(MEBIBYTE)))).toMatch(/parts in a wrong order/);
  });
});
