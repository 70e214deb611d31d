/** Folders in folders, thousands of them: no part of the program may need stack for each. */
import * as fs from "node:fs";
import { join } from "node:path";
import { check, listEntries } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

/** `npm run sweep` goes as deep as any stack would end. */
const DEPTH = isLongRun ? 3_200 : 600;

describe(`folders ${DEPTH} deep`, () => {
  let scratch: Scratch;
  let client: Client;

  beforeAll(async () => {
    scratch = makeScratch(2 ** 24)!;
    makeDeep(join(scratch.path, "source"));
    client = await openClient(createMemoryStorage());
    expect(await client.backup([join(scratch.path, "source")])).toMatchObject({ errors: 0, dirsNew: DEPTH + 1 });
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  test("are backed up again without being read", async () => {
    expect(await client.backup([join(scratch.path, "source")])).toMatchObject({ errors: 0, dirsUnmodified: DEPTH + 1 });
  });

  test("are listed", async () => {
    let count = 0;
    let last: Uint8Array | undefined;
    for await (const { path } of listEntries(client.repository, await client.find("latest"), undefined)) {
      count++;
      last = path;
    }
    expect(count).toBe(DEPTH + 2);
    expect(Buffer.from(last!.subarray(-4)).toString()).toBe("/d/f");
  });

  test("are found by path", async () => {
    const path = Buffer.from(`${"d/".repeat(DEPTH)}f`);
    const found: number[] = [];
    for await (const { node } of listEntries(client.repository, await client.find("latest"), path))
      found.push(node.type);
    expect(found).toHaveLength(1);
  });

  test("are checked", async () => {
    const findings: unknown[] = [];
    await check(client.repository, { onFinding: (finding) => findings.push(finding) });
    expect(findings).toEqual([]);
  });

  test("are restored", async () => {
    const summary = await client.restore("all", join(scratch.path, "restored"));
    expect(client.warnings).toEqual([]);
    expect(summary).toMatchObject({ directoriesRestored: DEPTH, filesRestored: 1, errors: 0 });
  });
});

test.runIf(isLongRun)(
  "a path of a million names is looked for, and not found, in time that grows with it and not with its square",
  async () => {
    await using scratch = makeScratch(2 ** 20)!;
    const source = join(scratch.path, "source");
    fs.mkdirSync(join(source, "d/d"), { recursive: true });
    await using client = await openClient(createMemoryStorage());
    await client.backup([source]);
    for (const path of ["d/".repeat(1_000_000), `${source}/${"d/".repeat(1_000_000)}`]) {
      const entries = listEntries(client.repository, await client.find("latest"), Buffer.from(path));
      await expect(entries.next()).rejects.toMatchObject({ code: "not-found" });
    }
  },
);

/** By way of the innermost folder's descriptor: its path is too long for any call. */
function makeDeep(path: string): void {
  fs.mkdirSync(path);
  let folder = fs.openSync(path, fs.constants.O_DIRECTORY);
  for (let depth = 0; depth < DEPTH; depth++) {
    const next = `/proc/self/fd/${folder}/d`;
    fs.mkdirSync(next);
    const opened = fs.openSync(next, fs.constants.O_DIRECTORY);
    fs.closeSync(folder);
    folder = opened;
  }
  fs.writeFileSync(`/proc/self/fd/${folder}/f`, "at the end");
  fs.closeSync(folder);
}
