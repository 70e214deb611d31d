import { CorruptError } from "@bcat/errors";
import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter, zigzagMax } from "./byte-writer.js";

const safe = Number.MAX_SAFE_INTEGER;

/** One kind of field: its values, both directions, and some bytes that are not one. */
const fields = {
  u8: { values: fc.integer({ min: 0, max: 255 }), refused: [-1, 256, 0.5] },
  u16: { values: fc.integer({ min: 0, max: 65_535 }), refused: [-1, 65_536, 0.5] },
  u32: { values: fc.integer({ min: 0, max: 0xffff_ffff }), refused: [-1, 2 ** 32, 0.5, Number.NaN] },
  u64: { values: fc.maxSafeNat(), refused: [-1, 2 ** 53, 0.5, Number.NaN] },
  varint: { values: fc.maxSafeNat(), refused: [-1, 2 ** 53, 0.5, Number.NaN] },
  zigzag: { values: fc.integer({ min: -zigzagMax, max: zigzagMax }), refused: [zigzagMax + 1, -zigzagMax - 1, 0.5] },
  time: { values: fc.maxSafeInteger(), refused: [2 ** 53, -(2 ** 53), 0.5, Number.NaN] },
} as const;

function write(fill: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(0);
  fill(writer);
  return writer.finish();
}

function reader(...bytes: number[]): ByteReader {
  return new ByteReader(Uint8Array.from(bytes), "it");
}

for (const [name, { values, refused }] of Object.entries(fields)) {
  const field = name as keyof typeof fields;
  describe(field, () => {
    it("reads what was written, alone and among others", () => {
      fc.assert(
        fc.property(fc.array(values), (written) => {
          const bytes = write((writer) => written.forEach((value) => void writer[field](value)));
          const read = new ByteReader(bytes, "it");
          expect(written.map(() => read[field]())).toEqual(written.map((value) => value + 0));
          read.end();
        }),
      );
    });

    it("refuses every truncation", () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = write((writer) => writer[field](value));
          for (let length = 0; length < bytes.length; length++) {
            expect(() => new ByteReader(bytes.subarray(0, length), "it")[field]()).toThrow(CorruptError);
          }
        }),
      );
    });

    it("is written in one form only", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
          const read = new ByteReader(bytes, "it");
          let value: number;
          try {
            value = read[field]();
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptError);
            return;
          }
          expect(write((writer) => writer[field](value))).toEqual(bytes.slice(0, read.position));
        }),
        { numRuns: 10 * (readConfigureGlobal().numRuns ?? 100) },
      );
    });

    it("does not write a value out of range", () => {
      for (const value of refused) expect(() => new ByteWriter()[field](value)).toThrow(RangeError);
    });
  });
}

describe("vectors", () => {
  it("are those of docs/format.md section 1", () => {
    const bytes = write((writer) => {
      writer.u8(1);
      writer.u16(0x0302);
      writer.u32(0xff06_0504);
      writer.u64(2 ** 53 - 1);
      writer.varint(127);
      writer.varint(128);
      writer.varint(2 ** 32 - 1);
      writer.varint(2 ** 32);
      writer.varint(safe);
      writer.zigzag(0);
      writer.zigzag(-1);
      writer.zigzag(1);
      writer.zigzag(-(2 ** 51));
      writer.zigzag(2 ** 51);
      writer.bytes(Uint8Array.of(9, 8));
      writer.raw(Uint8Array.of(7));
      writer.text("é");
      writer.time(-1);
    });
    expect(Buffer.from(bytes).toString("hex")).toBe(
      [
        "01",
        "0203",
        "040506ff",
        "ffffffffffff1f00",
        "7f",
        "8001",
        "ffffffff0f",
        "8080808010",
        "ffffffffffffff0f",
        "00",
        "01",
        "02",
        "ffffffffffffff07",
        "8080808080808008",
        "020908",
        "07",
        "02c3a9",
        "ffffffffffffffff",
      ].join(""),
    );
  });
});

describe("ByteReader", () => {
  it("refuses varints that are longer than needed, or not below 2^53", () => {
    expect(() => reader(0x80, 0x00).varint()).toThrow("Cannot read it: before offset 2: a varint is not in its short");
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10).varint()).toThrow("2^53");
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).varint()).toThrow("2^53");
  });

  it("refuses a u64 of 2^53, a time of ±2^53 and a zigzag above 2^51", () => {
    expect(() => reader(0, 0, 0, 0, 0, 0, 0x20, 0).u64()).toThrow("2^53");
    expect(() => reader(0, 0, 0, 0, 0, 0, 0x20, 0).time()).toThrow("2^53");
    expect(() => reader(0, 0, 0, 0, 0, 0, 0xe0, 0xff).time()).toThrow("2^53");
    expect(() => reader(0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08).zigzag()).toThrow("2^51");
  });

  it("checks a length against its limit and against what is there, before it takes the bytes", () => {
    expect(reader(2, 5, 6).bytes(2)).toEqual(Uint8Array.of(5, 6));
    expect(() => reader(3, 5, 6, 7).bytes(2)).toThrow("a length of 3 is above 2");
    expect(() => reader(3, 5, 6).bytes(3)).toThrow("3 bytes are wanted, 2 are left");
  });

  it("refuses what follows the end", () => {
    const read = reader(1, 2);
    read.u8();
    expect(() => read.end()).toThrow("1 bytes follow");
  });

  it("hands out views of a Buffer that are no Buffers, at the right place", () => {
    const whole = Buffer.from([9, 9, 1, 2, 9]);
    const read = new ByteReader(whole.subarray(2, 4), "it");
    const view = read.rest();
    expect(view.constructor).toBe(Uint8Array);
    expect(view).toEqual(Uint8Array.of(1, 2));
    expect(view.buffer).toBe(whole.buffer);
  });

  it("takes text as UTF-8 only, and keeps a byte order mark", () => {
    expect(reader(0xef, 0xbb, 0xbf, 0x61).restText()).toBe("\u{feff}a");
    expect(() => reader(0xff).restText()).toThrow("Cannot read it: a text is not UTF-8");
  });
});

describe("ByteWriter", () => {
  it("takes long and short bytes, from views of larger memory too", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (pieces) => {
        const bytes = write((writer) => {
          for (const piece of pieces) writer.bytes(Buffer.concat([Buffer.of(1), piece, Buffer.of(2)]).subarray(1, -1));
        });
        const read = new ByteReader(bytes, "it");
        expect(pieces.map(() => read.bytes(100))).toEqual(pieces);
        read.end();
      }),
    );
  });
});
