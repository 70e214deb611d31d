/** What a restore and a dump say of how far they are: totals also of a part of a snapshot, the path, and the truth at the end. */
import * as fs from "node:fs";
import { join } from "node:path";
import { type DumpProgress, dump, type RestoreProgress, type Wanted } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient, type RestoreFrom } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const FILES = 1_500;
const LARGE = 12_000_000;

describe("progress of work on a part of a snapshot", () => {
  let scratch: Scratch;
  let source: string;
  let client: Client;
  let part: Uint8Array;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 27)!;
    source = join(scratch.path, "source");
    for (const folder of ["part/a", "part/b/c", "other"]) fs.mkdirSync(join(source, folder), { recursive: true });
    for (let i = 0; i < FILES; i++) fs.writeFileSync(join(source, ["part/a", "part/b/c"][i % 2]!, `${i}`), `is ${i}`);
    fs.writeFileSync(join(source, "part/large"), Buffer.alloc(LARGE, "no zeros"));
    fs.linkSync(join(source, "part/large"), join(source, "part/link"));
    fs.symlinkSync("large", join(source, "part/symlink"));
    fs.writeFileSync(join(source, "other/file"), "x".repeat(100_000));
    client = await openClient(createMemoryStorage());
    await client.backup([source]);
    part = Buffer.from(join(source, "part"));
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const restored = async (wanted: Wanted, options: RestoreFrom = {}): Promise<RestoreProgress[]> => {
    const told: RestoreProgress[] = [];
    await client.restore(wanted, join(scratch.path, "target"), {
      ...options,
      onProgress: (counts) => told.push(counts),
    });
    return told;
  };

  test("a restore counts it meanwhile, a file of two names once, and says what is at hand", async () => {
    const told = await restored(part, { countAhead: true });
    const { filesDone, bytesDone, filesTotal, bytesTotal, errors } = told.at(-1)!;
    // Said at once: the first files may take their time.
    expect(told[0]).toMatchObject({ filesDone: 0, bytesDone: 0 });
    expect([filesDone, filesTotal, errors]).toEqual([FILES + 2, FILES + 2, 0]);
    expect([bytesDone, bytesTotal]).toEqual([bytesTotal, bytesDone]);
    const counted = told.filter((counts) => counts.bytesTotal !== undefined);
    expect(counted.length).toBeGreaterThan(1);
    for (const counts of counted) expect([counts.filesTotal, counts.bytesTotal]).toEqual([filesTotal, bytesTotal]);
    // Before it has come to an entry it tells that it has begun.
    const [, ...later] = told;
    for (const { currentPath } of later) expect(Buffer.from(currentPath!).toString()).toMatch(join(source, "part"));
  });

  test("a restore with patterns counts what they choose", async () => {
    const told = await restored("all", { includes: [join(source, "part/a")], countAhead: true });
    const { filesDone, filesTotal, bytesDone, bytesTotal } = told.at(-1)!;
    expect([filesDone, filesTotal]).toEqual([FILES / 2, FILES / 2]);
    expect(bytesDone).toBe(bytesTotal);
  });

  test("a restore of the whole goes by what the snapshot says", async () => {
    const told = await restored("all");
    for (const { filesTotal } of told) expect(filesTotal).toBe(FILES + 3);
    expect(told.at(-1)).toMatchObject({ filesDone: FILES + 3, bytesDone: told[0]!.bytesTotal });
  });

  test("a restore in place counts as done what is there, and no symlink as a file", async () => {
    await restored(part);
    const told = await restored(part, { overwrite: "if-changed", countAhead: true });
    const { filesDone, filesTotal, bytesDone, bytesTotal, summary } = told.at(-1)!;
    expect([filesDone, bytesDone]).toEqual([filesTotal, bytesTotal]);
    expect(summary).toMatchObject({ filesRestored: 0, filesUnchanged: FILES + 3 });
  });

  test("a restore that is read back is half done when all is written", async () => {
    const told = await restored("all", { verify: true });
    const shares = told.map(({ share }) => share!);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    const written = told.find(({ filesDone, bytesDone, bytesTotal, summary }) => {
      return filesDone === FILES + 3 && bytesDone === bytesTotal && summary.filesVerified < 500;
    });
    expect(written!.share).toBeLessThan(0.7);
    expect(shares.at(-1)).toBe(1);
  });

  test("nothing is counted where nobody looks", async () => {
    for (const { filesTotal } of (await restored(part)).slice(0, -1)) expect(filesTotal).toBeUndefined();
  });

  test.each(["tar", "zip"] as const)("a dump into a %s counts it too", async (format) => {
    const told: DumpProgress[] = [];
    const sink = { write: async () => {} };
    const info = await client.find("latest");
    const options = { format, countAhead: true, onProgress: (counts: DumpProgress) => told.push(counts) };
    const summary = await dump(client.repository, info, part, sink, options);
    const { filesDone, filesTotal, bytesDone, bytesTotal } = told.at(-1)!;
    expect([filesDone, bytesDone]).toEqual([summary.files, summary.bytes]);
    expect([filesTotal, bytesTotal]).toEqual([filesDone, bytesDone]);
    for (const { currentPath } of told.slice(1))
      expect(Buffer.from(currentPath!).toString()).toMatch(join(source, "part"));
  });
});
