import { expect, test } from "vitest";
import { type ZipEntryHead, ZipWriter } from "./zip-writer.js";

const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const head = (name: string): ZipEntryHead => ({
  name: Buffer.from(name),
  mode: 0o100644,
  uid: 0,
  gid: 0,
  mtimeSeconds: 0,
});

test("the directory has every entry in order, however its pieces are cut", async () => {
  const written: Buffer[] = [];
  const writer = new ZipWriter(async (bytes) => void written.push(Buffer.from(bytes)));
  const names = Array.from({ length: 3_000 }, (_, i) => `${"a long folder/".repeat(i % 7)}${i}`);
  for (const name of names)
    await writer.addWhole(head(name), { crc: 0, size: 0, packedSize: 0, method: 0, bytes: new Uint8Array(0) });
  const { directorySize } = writer;
  await writer.finish();
  const archive = Buffer.concat(written);
  const end = archive.subarray(-22);
  expect(end.readUInt32LE(0)).toBe(END);
  expect(end.readUInt16LE(10)).toBe(names.length);
  expect(end.readUInt32LE(12)).toBe(directorySize);
  // Longer than several pieces.
  expect(directorySize).toBeGreaterThan(200_000);
  const found: string[] = [];
  for (let at = end.readUInt32LE(16); archive.readUInt32LE(at) === CENTRAL; ) {
    const [name, extra] = [archive.readUInt16LE(at + 28), archive.readUInt16LE(at + 30)];
    found.push(archive.subarray(at + 46, at + 46 + name).toString());
    at += 46 + name + extra;
  }
  expect(found).toEqual(names);
});
