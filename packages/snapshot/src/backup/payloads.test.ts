import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Payloads } from "./payloads.js";

describe("Payloads", () => {
  it("gives each row what it was given last, in whatever order, and nothing to the others", () => {
    const step = fc.tuple(fc.nat(199), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 100 }), { minLength: 1, maxLength: 4 }), (rounds) => {
        const payloads = new Payloads();
        rounds.forEach((steps, round) => {
          const count = round % 2 === 0 ? 200 : 300;
          payloads.reset(count);
          const expected = new Map<number, Uint8Array>();
          for (const [row, bytes] of steps) {
            payloads.set(row, bytes);
            expected.set(row, bytes);
          }
          const rows = Array.from({ length: count }, (_, row) => row);
          const found = rows.map((row) => (payloads.has(row) ? [...payloads.get(row)] : undefined));
          expect(found).toEqual(rows.map((row) => expected.get(row) && [...expected.get(row)!]));
        });
      }),
    );
  });

  it("tells no bytes from nothing, also in the first row", () => {
    const payloads = new Payloads();
    payloads.reset(2);
    payloads.set(0, new Uint8Array(0));
    expect([payloads.has(0), payloads.has(1)]).toEqual([true, false]);
    payloads.reset(2);
    expect(payloads.has(0)).toBe(false);
  });

  it("refuses what 32 bits cannot tell the place of, and keeps what it has", () => {
    const payloads = new Payloads();
    payloads.reset(2);
    payloads.set(0, Uint8Array.of(1, 2));
    const beyond = { length: 2 ** 32 - 3 } as Uint8Array;
    const message = "Cannot hold the contents of a directory: 4294967296 bytes are above the limit 4294967295";
    expect(() => payloads.set(1, beyond)).toThrow(new RangeError(message));
    expect([[...payloads.get(0)], payloads.has(1)]).toEqual([[1, 2], false]);
  });

  it("copies", () => {
    const payloads = new Payloads();
    const bytes = Uint8Array.of(1, 2);
    payloads.reset(1);
    payloads.set(0, bytes);
    bytes.fill(9);
    expect([...payloads.get(0)]).toEqual([1, 2]);
  });
});
