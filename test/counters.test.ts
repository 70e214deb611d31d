/** What a backup counts as new, changed and unmodified, beside what was done to the source: as restic has it. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { backupMessage, backupReport } from "../packages/cli/src/backup-report.js";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

/** New, changed, unmodified. */
type Counts = readonly [number, number, number];

interface Case {
  readonly act: () => void;
  readonly files: Counts;
  readonly folders: Counts;
}

const HOLE = 1_048_576;
let scratch: Scratch;
let source: string;
let client: Client;

const at = (name: string) => join(source, name);

/** Of four files: `a`, `b`, `folder/c`, `folder/inner/d`; and three folders, of which one is the source. */
const cases: Record<string, Case> = {
  "nothing at all": { act: () => {}, files: [0, 0, 4], folders: [0, 0, 3] },
  "chmod of a file": { act: () => fs.chmodSync(at("a"), 0o600), files: [0, 1, 3], folders: [0, 1, 2] },
  "chmod of a folder": { act: () => fs.chmodSync(at("folder/inner"), 0o700), files: [0, 0, 4], folders: [0, 3, 0] },
  "chmod of the source": { act: () => fs.chmodSync(source, 0o700), files: [0, 0, 4], folders: [0, 1, 2] },
  "touch of a file": {
    act: () => fs.utimesSync(at("folder/c"), 1_000_000_000, 1_000_000_000),
    files: [0, 1, 3],
    folders: [0, 2, 1],
  },
  "other contents": { act: () => fs.writeFileSync(at("a"), "other"), files: [0, 1, 3], folders: [0, 1, 2] },
  "a new file": { act: () => fs.writeFileSync(at("folder/e"), "new"), files: [1, 0, 4], folders: [0, 2, 1] },
  "a file gone": { act: () => fs.rmSync(at("folder/c")), files: [0, 0, 3], folders: [0, 2, 1] },
  "a file renamed": { act: () => fs.renameSync(at("a"), at("z")), files: [1, 0, 3], folders: [0, 1, 2] },
  "a file in the place of another": {
    act: () => fs.renameSync(at("a"), at("b")),
    files: [0, 1, 2],
    folders: [0, 1, 2],
  },
  "a file in the place of a folder": {
    act: () => {
      fs.rmSync(at("folder"), { recursive: true });
      fs.writeFileSync(at("folder"), "file");
    },
    files: [0, 1, 2],
    folders: [0, 1, 0],
  },
  "a folder renamed": { act: () => fs.renameSync(at("folder"), at("other")), files: [2, 0, 2], folders: [2, 1, 0] },
  // The link count is of the file: both names have another change time, but one was not there.
  "a new link": { act: () => fs.linkSync(at("b"), at("folder/link")), files: [1, 1, 3], folders: [0, 2, 1] },
  "a new link that comes first": { act: () => fs.linkSync(at("b"), at("aa")), files: [1, 1, 3], folders: [0, 1, 2] },
  "a hole": {
    act: () => execFileSync("fallocate", ["--punch-hole", "--offset", "0", "--length", "524288", at("b")]),
    files: [0, 1, 3],
    folders: [0, 1, 2],
  },
};

describe("a backup counts", () => {
  beforeEach(async () => {
    scratch = makeScratch(2 ** 24)!;
    source = join(scratch.path, "source");
    fs.mkdirSync(at("folder/inner"), { recursive: true });
    for (const name of ["a", "folder/c", "folder/inner/d"]) fs.writeFileSync(at(name), name);
    fs.writeFileSync(at("b"), Buffer.alloc(HOLE));
    client = await openClient(createMemoryStorage());
    // What was written just now would be read again.
    client.time = Date.now() + 3_600_000;
    await client.backup([source]);
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  test.each(Object.entries(cases))("%s", async (_, { act, files, folders }) => {
    act();
    client.time += 1_000;
    const summary = await client.backup([source]);
    const told = ([added, changed, unmodified]: Counts) => `${added} new, ${changed} changed, ${unmodified} unmodified`;
    expect(backupReport(summary)).toEqual(
      expect.arrayContaining([`files: ${told(files)}`, `folders: ${told(folders)}`]),
    );
    expect(backupMessage(summary)).toMatchObject({
      ...{ files_new: files[0], files_changed: files[1], files_unmodified: files[2] },
      ...{ dirs_new: folders[0], dirs_changed: folders[1], dirs_unmodified: folders[2] },
      total_files_processed: files[0] + files[1] + files[2],
    });
  });
});
