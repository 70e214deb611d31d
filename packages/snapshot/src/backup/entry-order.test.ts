import { EntryList } from "@bcat/posix";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderEntries } from "./entry-order.js";

function order(names: readonly Uint8Array[]): string[] {
  const list = new EntryList();
  for (const name of names) list.add(name);
  return [...orderEntries(list)].map((index) => Buffer.from(list.name(index)).toString("hex"));
}

const expected = (names: readonly Uint8Array[]) =>
  [...new Set(names.map((name) => Buffer.from(name).toString("hex")))].sort();

describe("orderEntries()", () => {
  it("orders names by their bytes, each once", () => {
    const byte = fc.constantFrom(0x01, 0x2d, 0x61, 0x62, 0x7f, 0x80, 0xff);
    const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => bytes.map((value) => value || 1));
    const like = fc.array(byte, { minLength: 1, maxLength: 9 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(fc.array(fc.oneof(name, like), { maxLength: 300 }), (names) => {
        expect(order(names)).toEqual(expected(names));
      }),
    );
  });

  it("orders names that differ late, and one that is the beginning of another", () => {
    const names = Array.from({ length: 5_000 }, (_, i) => Buffer.from(`a common beginning ${(i * 7919) % 5_000}`));
    names.push(Buffer.from("a common beginning"), Buffer.from("a common beginning "), Buffer.from("b"));
    expect(order(names)).toEqual(expected(names));
  });

  it("orders nothing and one", () => {
    expect(order([])).toEqual([]);
    expect(order([Buffer.from("a")])).toEqual(["61"]);
  });
});
