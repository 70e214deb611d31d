import { loadBlake3 } from "@bcat/crypto";
import { EntryList, FileType, Stat } from "@bcat/posix";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeScanStats } from "../tree/scan-stats.js";
import { EntryTable } from "./entry-table.js";

const hash = loadBlake3("off").keyed(new Uint8Array(32).fill(1));

type StatNumber = Exclude<keyof Stat, "type" | "wantsAccessTime">;

function numbersOf(stat: Stat): StatNumber[] {
  return Object.keys(stat).filter((field) => field !== "type" && field !== "wantsAccessTime") as StatNumber[];
}

/** A file with a value of its own in each column. */
function statOf(seed: number): Stat {
  const stat = new Stat();
  stat.type = FileType.FILE;
  numbersOf(stat).forEach((field, i) => {
    stat[field] = seed * 100 + i + 1;
  });
  stat.mode = seed % 0o7777;
  return stat;
}

/** The fields that decide a digest; `wants` is whether access times are stored. */
function coveredFields(wantsAccessTime: boolean): string[] {
  const digestOf = (stat: Stat) => {
    const table = new EntryTable();
    table.add(Buffer.from("a"), Object.assign(stat, { wantsAccessTime }));
    return hex(table);
  };
  const base = digestOf(statOf(1));
  return ["type" as const, ...numbersOf(new Stat())]
    .filter((field) => {
      const stat = statOf(1);
      stat[field]++;
      return digestOf(stat) !== base;
    })
    .sort();
}

function tableOf(entries: readonly (readonly [string, number])[]): EntryTable {
  const table = new EntryTable();
  for (const [name, seed] of entries) table.add(Buffer.from(name), statOf(seed));
  return table;
}

const hex = (table: EntryTable) => Buffer.from(table.digest(hash)).toString("hex");
const names = (table: EntryTable) =>
  Array.from({ length: table.count }, (_, row) => Buffer.from(table.name(row)).toString());

describe("EntryTable", () => {
  const entry = fc.tuple(fc.string({ minLength: 1, maxLength: 40 }), fc.nat(1_000));

  it("without some rows is as one that never had them", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, fc.boolean()), { maxLength: 200 }), (rows) => {
        const table = tableOf(rows.map(([row]) => row));
        table.filter(Uint8Array.from(rows, ([, isKept]) => (isKept ? 1 : 0)));
        const expected = tableOf(rows.filter(([, isKept]) => isKept).map(([row]) => row));
        expect(names(table)).toEqual(names(expected));
        expect(hex(table)).toBe(hex(expected));
        expect(table.scanColumns()).toEqual(expected.scanColumns());
        table.add(Buffer.from("behind"), statOf(1));
        expected.add(Buffer.from("behind"), statOf(1));
        expect(hex(table)).toBe(hex(expected));
      }),
    );
  });

  it("that is cleared and filled again is as a new one", () => {
    const table = tableOf(Array.from({ length: 300 }, (_, i) => [`a long name of entry ${i}`, i]));
    table.clear();
    expect([table.count, table.hasRacyFile(-1e12)]).toEqual([0, false]);
    table.add(Buffer.from("a"), statOf(7));
    expect(hex(table)).toBe(hex(tableOf([["a", 7]])));
  });

  it("refuses names that 32 bits cannot tell the place of, and keeps those it has", () => {
    const table = tableOf([["a", 1]]);
    const list = new EntryList();
    list.starts = Uint32Array.of(0);
    list.lengths = { 0: 2 ** 32 - 3 } as unknown as typeof list.lengths;
    const message = "Cannot hold the names of a directory: 4294967296 bytes are above the limit 4294967295";
    expect(() => table.addEntry(list, 0, statOf(2))).toThrow(new RangeError(message));
    expect(hex(table)).toBe(hex(tableOf([["a", 1]])));
  });

  it("forgets a row: no file has its inode, and the digest is another", () => {
    const table = tableOf([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    const before = hex(table);
    table.forget(1);
    const { inodes } = decodeScanStats({ entryCount: 3, columns: table.scanColumns() }, { what: "it" });
    expect([...inodes].map((half) => half === 0)).toEqual([false, false, true, true, false, false]);
    // What file it is, is known all the same.
    expect(table.columns.inodes.subarray(0, 6)).not.toContain(0);
    expect(hex(table)).not.toBe(before);
    table.set(1, statOf(2));
    expect(hex(table)).toBe(before);
  });

  it("covers access times by its digest if they are stored", () => {
    const stored = coveredFields(true);
    expect(stored.filter((field) => !coveredFields(false).includes(field))).toEqual([
      "atimeNanoseconds",
      "atimeSeconds",
    ]);
  });

  it("keeps access times in their rows when others are left out", () => {
    const table = new EntryTable();
    for (let i = 0; i < 40; i++) {
      const times = { wantsAccessTime: true, atimeSeconds: -i, atimeNanoseconds: i };
      table.add(Buffer.from(`n${i + 10}`), Object.assign(statOf(i), times));
    }
    table.filter(Uint8Array.from({ length: 40 }, (_, i) => i % 2));
    const [seconds, nanoseconds] = table.accessTimes!.columns(table.count);
    expect([...seconds!]).toEqual(Array.from({ length: 20 }, (_, i) => -(2 * i + 1)));
    expect([...nanoseconds!]).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i + 1));
  });

  it("covers by its digest every column but devices and times of birth", () => {
    expect(coveredFields(false)).toEqual([
      "ctimeNanoseconds",
      "ctimeSeconds",
      "gid",
      "inodeHigh",
      "inodeLow",
      "mode",
      "mtimeNanoseconds",
      "mtimeSeconds",
      "size",
      "type",
      "uid",
    ]);
    expect(
      hex(
        tableOf([
          ["ab", 1],
          ["c", 2],
        ]),
      ),
    ).not.toBe(
      hex(
        tableOf([
          ["a", 1],
          ["bc", 2],
        ]),
      ),
    );
  });
});
