import { Stat } from "@bcat/posix";
import { describe, expect, it } from "vitest";
import { readSlab, SlabWriter } from "./slab.js";

const SLAB_SIZE = 4096;

/** Writes to slabs of 4 KiB, and reads each back as soon as it is handed over. */
function createEcho() {
  const said: string[] = [];
  let slab = new Uint8Array(new SharedArrayBuffer(SLAB_SIZE));
  const writer = new SlabWriter(slab, (length) => {
    readSlab(slab, length, {
      group: (bytes) => said.push(`group ${bytes.length}`),
      chunk: (id, length) => said.push(`chunk ${id[0]} ${id.length} ${length}`),
      restart: () => said.push("restart"),
      file: ({ index, size, hasChanged, isUnsettled, hasHoles, inodeFlags, stat, inline }) =>
        said.push(
          `file ${index} ${size} ${hasChanged} ${isUnsettled} ${hasHoles} ${inodeFlags} ${stat.mtimeSeconds} ${inline?.length}`,
        ),
      fault: ({ index, isPostponed, code, message }) => said.push(`fault ${index} ${isPostponed} ${code} ${message}`),
      end: () => said.push("end"),
    });
    slab = new Uint8Array(new SharedArrayBuffer(SLAB_SIZE));
    return slab;
  });
  return { writer, said };
}

const statOf = (mtimeSeconds: number) => Object.assign(new Stat(), { mtimeSeconds });

describe("readSlab()", () => {
  it("gives back what SlabWriter has written, in order", () => {
    const { writer, said } = createEcho();
    const settled = { hasChanged: false, isUnsettled: false, hasAttributes: false, hasHoles: true, inodeFlags: 0 };
    const changed = {
      hasChanged: true,
      isUnsettled: true,
      hasAttributes: true,
      hasHoles: false,
      inodeFlags: 2 ** 32 - 1,
    };
    writer.chunk(new Uint8Array(32).fill(1), 100);
    writer.chunk(new Uint8Array(32).fill(2), 2 ** 31);
    writer.restart();
    writer.chunk(new Uint8Array(32).fill(3), 5);
    writer.file({ index: 0, size: 5, ...settled, inline: undefined }, statOf(-3));
    writer.file({ ...changed, index: 1, size: 2 ** 40, inline: new Uint8Array(0) }, statOf(7));
    writer.file({ index: 2, size: 3, ...settled, inline: new Uint8Array(3) }, statOf(2 ** 40));
    writer.fault({ index: 3, isPostponed: false, code: "EACCES", message: "não" });
    writer.fault({ index: 4, isPostponed: true, code: "", message: "" });
    writer.end();
    expect(said).toEqual([
      "chunk 1 32 100",
      "chunk 2 32 2147483648",
      "restart",
      "chunk 3 32 5",
      "file 0 5 false false true 0 -3 undefined",
      "file 1 1099511627776 true true false 4294967295 7 0",
      "file 2 3 false false true 0 1099511627776 3",
      "fault 3 false EACCES não",
      "fault 4 true  ",
      "end",
    ]);
  });

  it("goes on in the next slab where one is full", () => {
    const { writer, said } = createEcho();
    const expected: string[] = [];
    for (let i = 0; i < 500; i++) {
      writer.chunk(new Uint8Array(32).fill(i % 256), i);
      expected.push(`chunk ${i % 256} 32 ${i}`);
      if (i % 7 !== 0) continue;
      writer.fault({ index: i, isPostponed: false, code: "EIO", message: "x".repeat(i) });
      expected.push(`fault ${i} false EIO ${"x".repeat(i)}`);
    }
    writer.end();
    expect(said).toEqual([...expected, "end"]);
  });

  it("refuses what is larger than a slab", () => {
    const { writer } = createEcho();
    const inline = new Uint8Array(SLAB_SIZE);
    const file = {
      index: 0,
      size: 1,
      hasChanged: false,
      isUnsettled: false,
      hasAttributes: false,
      hasHoles: false,
      inodeFlags: 0,
      inline,
    };
    expect(() => writer.file(file, new Stat())).toThrow(RangeError);
  });
});
