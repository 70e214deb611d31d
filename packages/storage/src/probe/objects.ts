/** Whether objects are given back as they were put, whole and in parts, and what else a storage does with them. */
import { isBcatError } from "@bcat/errors";
import { equalBytes } from "../equal-bytes.js";
import { each, type ProbeBench } from "./bench.js";
import type { ProbeFinding } from "./report.js";

/** Longer than one packet, and not round. */
const SIZE = 100_003;
/** More than a page of S3, and of most others. */
const KEYS_OF_PAGES = 1_005;
const KEYS_FEW = 5;

export async function probeReadAfterWrite(bench: ProbeBench): Promise<ProbeFinding> {
  const { storage } = bench;
  const check = "read after write";
  const name = bench.name("written");
  const bad = (found: string): ProbeFinding => ({ check, verdict: "bad", found });
  if ((await storage.get(name)) !== undefined) return bad("something is read that was never written");
  for (const size of [1, SIZE]) {
    const sized = bench.name(`written-${size}`);
    const bytes = bench.body(size);
    await storage.put(sized, bytes);
    const value = await storage.get(sized);
    if (value === undefined) return bad(`an object of ${size} bytes is not there right after it was written`);
    if (!equalBytes(value, bytes)) return bad(`an object of ${size} bytes is given back with other bytes`);
  }
  return { check, verdict: "good", found: "what was written is there at once, byte for byte" };
}

export async function probeOverwriting(bench: ProbeBench): Promise<ProbeFinding> {
  const { storage } = bench;
  const check = "overwriting";
  const name = bench.name("overwritten");
  const first = bench.body(1000);
  await storage.put(name, first);
  try {
    await storage.put(name, bench.body(1000));
  } catch (error) {
    if (!isBcatError(error, "exists")) throw error;
    const value = await storage.get(name);
    const isThere = value !== undefined && equalBytes(value, first);
    if (isThere) return { check, verdict: "good", found: "other bytes under the same name are refused" };
    return { check, verdict: "bad", found: "other bytes are refused, but the first are not there any more" };
  }
  return {
    check,
    verdict: "note",
    found: "other bytes under the same name are taken; no two objects of bcat share one",
  };
}

/** Offset and length of the parts that are read. */
const parts = [
  ["the beginning", 0, 1],
  ["the middle", 4_095, 8_194],
  ["the last byte", SIZE - 1, 1],
  ["the end", SIZE - 500, 500],
  ["a part past the end", SIZE - 20, 100],
  ["what is behind the end", SIZE, 10],
] as const;

export async function probeRanges(bench: ProbeBench): Promise<ProbeFinding> {
  const { storage } = bench;
  const check = "ranges";
  const name = bench.name("ranges");
  const bytes = bench.body(SIZE);
  await storage.put(name, bytes);
  for (const [what, offset, length] of parts) {
    const value = await storage.get(name, { range: { offset, length } });
    if (value === undefined || !equalBytes(value, bytes.subarray(offset, offset + length)))
      return { check, verdict: "bad", found: `${what} is not what was asked for` };
  }
  return { check, verdict: "good", found: "the middle, the end and past the end are right" };
}

/** @param isCheap whether so many keys may be put that they do not fit one page */
export async function probeListing(bench: ProbeBench, isCheap: boolean): Promise<ProbeFinding> {
  const { storage } = bench;
  const check = "listing";
  if (storage.list === undefined)
    return { check, verdict: "note", found: "there is none; only bcat check would use it" };
  const count = isCheap ? KEYS_OF_PAGES : KEYS_FEW;
  const names = Array.from({ length: count }, (_, index) => bench.name(`list/${String(index).padStart(4, "0")}`));
  await each(names, (name) => storage.put(name, Uint8Array.of(1)));
  const listed: string[] = [];
  try {
    for await (const { name } of storage.list(`${bench.prefix}list/`)) listed.push(name);
  } catch (error) {
    if (!isBcatError(error, "storage-failed")) throw error;
    return { check, verdict: "note", found: `${error.message}; only bcat check would use it` };
  }
  const found = new Set(listed);
  const missing = names.filter((name) => !found.has(name)).length;
  if (missing > 0) return { check, verdict: "note", found: `${missing} of ${count} objects are not listed` };
  if (listed.length > count) return { check, verdict: "note", found: `${listed.length - count} are listed twice` };
  return { check, verdict: "good", found: `all of ${count} objects` };
}

export async function probeRemoving(bench: ProbeBench): Promise<ProbeFinding> {
  const { storage } = bench;
  const check = "removing";
  if (storage.delete === undefined) return { check, verdict: "note", found: "nothing can be removed here" };
  const name = bench.name("removed");
  await storage.put(name, bench.body(10));
  try {
    await storage.delete(name);
  } catch (error) {
    if (!isBcatError(error, "storage-failed")) throw error;
    return { check, verdict: "note", found: error.message };
  }
  if ((await storage.get(name)) === undefined) return { check, verdict: "good", found: "what was removed is gone" };
  return { check, verdict: "note", found: "what was removed is still given back" };
}
