/** What a backup says of how far it is: the totals it goes by, and that it ends with what was done. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { BackupOptions, BackupProgress } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const FILES = 3_000;

describe("progress of a backup", () => {
  let scratch: Scratch;
  let source: string;
  let client: Client;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 26)!;
    source = join(scratch.path, "source");
    for (const folder of ["a", "b", "c/d"]) fs.mkdirSync(join(source, folder), { recursive: true });
    for (let i = 0; i < FILES; i++) fs.writeFileSync(join(source, ["a", "b", "c/d"][i % 3]!, `${i}`), `content ${i}`);
    fs.linkSync(join(source, "a/0"), join(source, "b/link"));
    fs.writeFileSync(join(source, "c/left-out.tmp"), "x".repeat(100_000));
    client = await openClient(createMemoryStorage());
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const reports = async (options: BackupOptions): Promise<BackupProgress[]> => {
    const told: BackupProgress[] = [];
    await client.backup([source], { excludes: ["*.tmp"], ...options, onProgress: (counts) => told.push(counts) });
    return told;
  };

  test("goes by a count of the source where no parent tells, which heeds what is left out", async () => {
    const told = await reports({ countAhead: true });
    const { filesDone, bytesDone } = told.at(-1)!;
    expect(filesDone).toBe(FILES + 1);
    const counted = told.slice(0, -1).filter(({ filesTotal }) => filesTotal !== undefined);
    expect(counted.length).toBeGreaterThan(0);
    for (const { filesTotal, bytesTotal } of counted) expect([filesTotal, bytesTotal]).toEqual([filesDone, bytesDone]);
  });

  test("has no totals until the end without that count", async () => {
    const told = await reports({});
    expect(told.slice(0, -1).every(({ filesTotal }) => filesTotal === undefined)).toBe(true);
  });

  test("goes by the parent where there is one, and ends with what was done", async () => {
    await reports({});
    for (let i = 0; i < 100; i++) fs.writeFileSync(join(source, `new-${i}`), "new");
    const told = await reports({ countAhead: true });
    expect(told[0]!.filesTotal).toBe(FILES + 1);
    const { filesDone, filesTotal, bytesDone, bytesTotal } = told.at(-1)!;
    expect([filesDone, filesTotal]).toEqual([FILES + 101, FILES + 101]);
    expect(bytesTotal).toBe(bytesDone);
  });

  test("is not told of a source that the count cannot read more than once", async () => {
    fs.mkdirSync(join(source, "a/gone"));
    const warnings: string[] = [];
    await using other = await openClient(createMemoryStorage(), {
      replace: (posix) => ({
        openDirectoryAt(directory, name) {
          if (Buffer.from(name).toString() === "gone") throw Object.assign(new Error("denied"), { code: "EACCES" });
          return posix.openDirectoryAt(directory, name);
        },
      }),
    });
    await other.backup([source], {
      countAhead: true,
      onProgress: () => {},
      onWarning: ({ path, kind }) => kind === "error" && warnings.push(Buffer.from(path).toString()),
    });
    expect(warnings).toEqual([join(source, "a/gone")]);
  });
});
