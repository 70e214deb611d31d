import { CorruptError, isBcatError } from "@bcat/errors";
import fc from "fast-check";
import { unpack } from "msgpackr";
import { describe, expect, it } from "vitest";
import { decodeRecord, encodeRecord, type Field, type RecordLayout, readFields } from "./record.js";

const limit = 1024 * 1024;
const known: RecordLayout = new Map([
  [1, { critical: true }],
  [2, { critical: false }],
  [3, { critical: false, empty: true }],
]);

const anyField = fc.record({
  number: fc.integer({ min: 1, max: 127 }),
  critical: fc.boolean(),
  value: fc.uint8Array({ maxLength: 300, size: "max" }),
});
const anyFields = fc
  .uniqueArray(anyField, { selector: (field) => field.number, maxLength: 40 })
  .map((fields) => fields.sort((a, b) => a.number - b.number));

function field(number: number, critical: boolean, ...value: number[]): Field {
  return { number, critical, value: Uint8Array.from(value) };
}

function decode(fields: readonly Field[]) {
  return decodeRecord(encodeRecord(fields), { known, limit, what: "it" });
}

function refusal(bytes: Uint8Array): unknown {
  try {
    readFields(bytes, { limit, what: "it" });
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("encodeRecord()", () => {
  it("writes the shortest MessagePack forms", () => {
    const bytes = encodeRecord([field(1, true, 5), field(63, true, 6), field(64, false, 7, 8), field(127, true)]);
    expect(Buffer.from(bytes).toString("hex")).toBe("9803c401057fc40106cc80c4020708ccffc400");
    const wide = encodeRecord([{ number: 1, critical: true, value: new Uint8Array(256) }]);
    expect(Buffer.from(wide.subarray(0, 5)).toString("hex")).toBe("9203c50100");
    const widest = encodeRecord([{ number: 1, critical: true, value: new Uint8Array(65_536) }]);
    expect(Buffer.from(widest.subarray(0, 7)).toString("hex")).toBe("9203c600010000");
  });

  it("writes exactly the bytes of views and Buffers, and shares no memory", () => {
    const memory = Uint8Array.from({ length: 20 }, (_, index) => index);
    const fields = [
      { number: 1, critical: false, value: memory.subarray(3, 6) },
      { number: 2, critical: false, value: Buffer.from(memory.buffer, 10, 2) },
    ];
    const bytes = encodeRecord(fields);
    expect(Buffer.from(bytes).toString("hex")).toBe("9402c40303040504c4020a0b");
    expect([bytes.constructor, bytes.buffer.byteLength]).toEqual([Uint8Array, bytes.length]);
    encodeRecord([field(1, true, 1, 2, 3, 4, 5, 6, 7, 8, 9)]);
    expect(Buffer.from(bytes).toString("hex")).toBe("9402c40303040504c4020a0b");
  });

  it("writes what any MessagePack reader reads", () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const items = unpack(encodeRecord(fields)).map((item: number | Uint8Array) =>
          typeof item === "number" ? item : Uint8Array.from(item),
        );
        expect(items).toEqual(fields.flatMap(({ number, critical, value }) => [2 * number + Number(critical), value]));
      }),
    );
  });

  it("refuses numbers that do not ascend from 1 to 127", () => {
    for (const numbers of [[0], [128], [1.5], [2, 2], [3, 2]]) {
      expect(() => encodeRecord(numbers.map((number) => field(number, false, 1)))).toThrow(RangeError);
    }
  });
});

describe("readFields()", () => {
  it("reads what was written", () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        expect(readFields(encodeRecord(fields), { limit, what: "it" })).toEqual(fields);
      }),
    );
  });

  it("reads from a Buffer inside larger memory, and hands out no Buffers", () => {
    const bytes = Buffer.concat([Buffer.of(9), encodeRecord([field(1, true, 7)]), Buffer.of(9)]).subarray(1, -1);
    const [first] = readFields(bytes, { limit, what: "it" });
    expect([first?.value, first?.value.constructor]).toEqual([Uint8Array.of(7), Uint8Array]);
  });

  it("refuses every truncation and every byte added", () => {
    const bytes = encodeRecord([field(1, true, 5), field(64, false, 7, 8)]);
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length))).toBeInstanceOf(CorruptError);
    }
    expect(refusal(Uint8Array.from([...bytes, 0]))).toBeInstanceOf(CorruptError);
  });

  it("reads nothing but what it would write", () => {
    const bytes = encodeRecord([field(1, true, 5), field(64, false, 7, 8)]);
    let refused = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      const error = refusal(flipped);
      if (error === undefined) expect(encodeRecord(readFields(flipped, { limit, what: "it" }))).toEqual(flipped);
      else expect(error).toBeInstanceOf(CorruptError);
      if (error !== undefined) refused++;
    }
    expect(refused).toBeGreaterThan(40);
  });

  it.each([
    ["a wide array", "dc0002" + "03c40105"],
    ["a wide tag", "92" + "cc03" + "c40105"],
    ["a tag of two bytes", "92" + "cd0003" + "c40105"],
    ["a wide value", "92" + "03" + "c5000105"],
    ["a very wide value", "92" + "03" + "c60000000105"],
    ["a map", "8103c40105"],
    ["a number of items that is odd", "9103"],
    ["an array32", "dd0000000203c40105"],
    ["a string", "9203a105"],
    ["a negative tag", "92ffc40105"],
    ["an extension", "9203d47240"],
    ["an array inside", "920391c40105"],
    ["tag 0", "9200c40105"],
    ["a value that claims 4 GiB", "9203c6ffffffff"],
    ["nothing", ""],
  ])("refuses %s", (_, hex) => {
    expect(refusal(Buffer.from(hex, "hex"))).toBeInstanceOf(CorruptError);
  });

  it("checks the limit first", () => {
    const bytes = encodeRecord([{ number: 1, critical: true, value: new Uint8Array(100) }]);
    expect(readFields(bytes, { limit: bytes.length, what: "it" })).toHaveLength(1);
    expect(() => readFields(bytes, { limit: bytes.length - 1, what: "it" })).toThrow("104 bytes are above 103");
  });
});

describe("decodeRecord()", () => {
  it("gives known fields by number, and keeps unknown ones that are not critical", () => {
    const fields = [field(1, true, 5), field(2, false, 6), field(9, false, 7)];
    const record = decode(fields);
    expect([...record.fields]).toEqual([
      [1, Uint8Array.of(5)],
      [2, Uint8Array.of(6)],
    ]);
    expect(record.unknown).toEqual([fields[2]]);
  });

  it("says newer-format for an unknown critical field", () => {
    const found = catchError(() => decode([field(1, true, 5), field(9, true, 7)]));
    expect(isBcatError(found, "newer-format")).toBe(true);
    expect(String(found)).toContain("Cannot read it: field 9 is not known to this version; a newer bcat wrote it");
  });

  it("refuses a known field with the other critical bit, or empty where that is not said", () => {
    expect(() => decode([field(1, false, 5)])).toThrow("Cannot read it: field 1 has a wrong critical bit");
    expect(() => decode([field(2, false)])).toThrow("Cannot read it: field 2 is empty");
    expect(decode([field(3, false)]).fields.get(3)).toEqual(new Uint8Array(0));
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
