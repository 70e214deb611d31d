import { loadBlake3 } from "@bcat/crypto";
import { CorruptError, StorageError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { describe, expect, it } from "vitest";
import { encodeContent } from "../tree/content.js";
import { ChunkListWriter } from "../tree/list-writer.js";
import { comparePostOrder } from "../tree/post-order.js";
import { ScanEncoder } from "../tree/scan.js";
import { encodeScanStats } from "../tree/scan-stats.js";
import { ScanIndex } from "./scan-index.js";

const MEBIBYTE = 2 ** 20;
const hash = loadBlake3("auto").keyed(new Uint8Array(32).fill(3));

/** The stream of directories with these paths, each of `entries` entries, and its root's. */
function streamOf(paths: readonly string[], entries = 1): Uint8Array {
  const encoder = new ScanEncoder();
  const sorted = [...paths, ""].map((path) => Buffer.from(path)).sort(comparePostOrder);
  return Buffer.concat(
    sorted.map((path) =>
      encoder.append({
        path,
        digest: hash.hash(path).subarray(0, 16),
        tree: { level: 0, length: 1_000, id: hash.hash(path) },
        entryCount: entries,
        columns: columnsOf(entries),
      }),
    ),
  );
}

function columnsOf(entries: number) {
  const words = (factor: number) => Uint32Array.from({ length: entries }, (_, i) => (i * factor) % 999_999_937);
  return encodeScanStats({
    ctimeSeconds: Float64Array.from(words(7_919)),
    ctimeNanoseconds: words(104_729),
    inodes: Uint32Array.from({ length: 2 * entries }, (_, i) => i * 31 + 1),
    deviceMajor: new Uint32Array(entries),
    deviceMinor: new Uint32Array(entries).fill(1),
    birthSeconds: Float64Array.from(words(15_485_863)),
    birthNanoseconds: words(86_028_121),
  });
}

/** A stream as a backup stores it, cut into chunks, of which some fail. */
async function indexOf(
  stream: Uint8Array,
  options: { chunkSize?: number; fails?: (index: number) => Error | undefined; kept?: Uint8Array } = {},
) {
  const { chunkSize = 64 * 1024, fails, kept } = options;
  const chunks = new Map<string, Uint8Array>();
  const store = (bytes: Uint8Array) => {
    const id = hash.hash(bytes);
    chunks.set(Buffer.from(id).toString("hex"), bytes.slice());
    return id;
  };
  const list = new ChunkListWriter(store);
  const order = new Map<string, number>();
  for (let start = 0; start < stream.length; start += chunkSize) {
    const bytes = stream.subarray(start, start + chunkSize);
    const id = store(bytes);
    order.set(Buffer.from(id).toString("hex"), order.size);
    list.add({ id, length: bytes.length });
  }
  let reads = 0;
  const source = {
    keptScans: { read: () => kept },
    async readChunk(_: unknown, id: Uint8Array) {
      const key = Buffer.from(id).toString("hex");
      const error = fails?.(order.get(key) ?? -1);
      if (error !== undefined) throw error;
      reads++;
      return chunks.get(key)!;
    },
  };
  const scan = encodeContent(list.finish());
  const repository = source as unknown as Repository;
  const index = await ScanIndex.read(repository, { path: Buffer.from("/root"), node: new Uint8Array(0), scan });
  return { index, chunkCount: order.size, reads: () => reads };
}

const has = async (index: ScanIndex, path: string) => {
  const record = await index.find(Buffer.from(path));
  if (record === undefined) return false;
  expect(Buffer.from(record.tree.id)).toEqual(Buffer.from(hash.hash(Buffer.from(path))));
  return true;
};

describe("ScanIndex", () => {
  it("finds every directory of a root, and no other, in any order", async () => {
    const paths = Array.from({ length: 1_000 }, (_, i) => `d${i % 10}/e${i % 100}/f${i}`);
    const { index } = await indexOf(streamOf(paths), { chunkSize: 1_000 });
    for (const path of [...paths].reverse()) expect(await has(index, path)).toBe(true);
    expect(await has(index, "")).toBe(true);
    for (const path of ["d", "d0", "d0/e0", "d0/e0/f", "x"]) expect(await has(index, path)).toBe(false);
  });

  it("finds the root of a stream so short that it is no chunk of its own", async () => {
    const content = encodeContent({ kind: "inline", bytes: streamOf(["a"]) });
    const source = {} as unknown as Repository;
    const index = await ScanIndex.read(source, { path: Buffer.from("/"), node: new Uint8Array(0), scan: content });
    expect([await has(index, "a"), await has(index, ""), await has(index, "b")]).toEqual([true, true, false]);
  });

  it("reads no chunk of a stream that is kept", async () => {
    const stream = streamOf(["a", "b/c"], 100);
    const { index, reads } = await indexOf(stream, { chunkSize: 1_000, kept: stream });
    for (const path of ["a", "b/c", ""]) expect(await has(index, path)).toBe(true);
    expect(reads()).toBe(0);
  });

  it("finds nothing in a root without a stream", async () => {
    const source = {} as unknown as Repository;
    const index = await ScanIndex.read(source, {
      path: Buffer.from("/"),
      node: new Uint8Array(0),
      scan: new Uint8Array(0),
    });
    expect(await has(index, "")).toBe(false);
  });

  it("reads again what it does not keep of a stream that is larger than that", async () => {
    const paths = Array.from({ length: 60 }, (_, i) => `folder ${i}`);
    const stream = streamOf(paths, 20_000);
    expect(stream.length).toBeGreaterThan(12 * MEBIBYTE);
    const { index, chunkCount, reads } = await indexOf(stream);
    const once = reads();
    expect(once).toBeGreaterThanOrEqual(chunkCount);
    for (const path of [...paths, ""]) expect(await has(index, path)).toBe(true);
    expect(reads()).toBeGreaterThan(once);
  });

  it("knows what lies before damage, and takes what lies behind it for new", async () => {
    const paths = Array.from({ length: 100 }, (_, i) => `f${String(i).padStart(3, "0")}`);
    const damaged = 2;
    const fails = (index: number) => (index === damaged ? new CorruptError("Cannot read it: damaged") : undefined);
    const { index, chunkCount } = await indexOf(streamOf(paths), { chunkSize: 1_000, fails });
    expect(chunkCount).toBeGreaterThan(damaged + 1);
    const found = await Promise.all(paths.map((path) => has(index, path)));
    const known = found.indexOf(false);
    expect(known).toBeGreaterThan(5);
    expect(found).toEqual(paths.map((_, i) => i < known));
    expect(await has(index, "")).toBe(false);
  });

  it("takes a record for new that was there and cannot be read any more", async () => {
    const paths = Array.from({ length: 60 }, (_, i) => `folder ${i}`);
    let isGone = false;
    const fails = (index: number) => (isGone && index >= 0 ? new CorruptError("Cannot read it: gone") : undefined);
    const { index } = await indexOf(streamOf(paths, 20_000), { fails });
    isGone = true;
    const found = await Promise.all(paths.map((path) => has(index, path)));
    expect(found).toContain(true);
    expect(found).toContain(false);
  });

  it("passes a fault of the storage on: nothing is taken for new because a network is down", async () => {
    const fails = () => new StorageError("Cannot read it: no route");
    await expect(indexOf(streamOf(["a"]), { chunkSize: 100, fails })).rejects.toThrow("no route");
  });
});
