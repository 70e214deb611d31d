/** Restores over a target in which somebody goes on working: what has not been kept, or told of, is not lost. */
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient, type RestoreFrom } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let target: string;
let client: Client;

const at = (name: string) => join(target, name);
const read = (name: string) => fs.readFileSync(at(name), "utf8");
const write = (name: string, text: string) => fs.writeFileSync(at(name), text);

beforeEach(async () => {
  scratch = makeScratch(2 ** 26)!;
  const source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  for (const name of ["same", "other", "folder/inner"]) fs.writeFileSync(join(source, name), `${name} of the snapshot`);
  fs.linkSync(join(source, "same"), join(source, "twin"));
  client = await openClient(createMemoryStorage());
  await client.backup([source]);
  await client.restore("all", target);
  write("other", "other, mine");
  fs.mkdirSync(at("extra"));
  write("extra/known", "known");
  write("folder/known", "known");
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** @param work what somebody does once the target was looked at, before it is changed */
async function restoreWhile(work: () => void, options: { keeps?: boolean; deletes?: boolean }): Promise<void> {
  const { keeps = true, deletes = false } = options;
  const given: RestoreFrom = {
    overwrite: "always",
    ...(deletes ? { deletes: { onPlan: async () => (keeps ? undefined : work()) } } : {}),
    ...(keeps ? { keep: { isPrivileged: true, begin: work } } : {}),
  };
  await client.restore("all", target, given);
}

test("an interruption ends deleting in the midst of a folder, whatever there is in it", async () => {
  for (let i = 0; i < 5_000; i++) write(`extra/${i}`, "");
  const controller = new AbortController();
  let count = 0;
  const posix = client.posix;
  await using other = await openClient(createMemoryStorage(), {
    replace: () => ({
      removeFileAt(...words) {
        if (++count === 100) controller.abort();
        posix.removeFileAt(...words);
      },
    }),
  });
  await other.backup([join(scratch.path, "source")]);
  const deletes = { onPlan: async () => {} };
  const restoring = other.restore("all", target, { overwrite: "always", deletes, signal: controller.signal });
  await expect(restoring).rejects.toMatchObject({ code: "interrupted" });
  expect(fs.readdirSync(at("extra")).length).toBeGreaterThan(0);
});

describe("what has appeared or changed since the target was looked at", () => {
  test.each([true, false])("is not deleted (kept: %s)", async (keeps) => {
    const work = () => {
      for (const name of ["extra/new", "folder/new", "new"]) write(name, "not planned");
      write("extra/known", "known, with hours of work in it");
    };
    await restoreWhile(work, { keeps, deletes: true });
    for (const name of ["extra/new", "folder/new", "new"]) expect(read(name)).toBe("not planned");
    expect(read("extra/known")).toBe("known, with hours of work in it");
    expect(fs.existsSync(at("folder/known"))).toBe(false);
    const why = "it was not deleted: it has appeared or changed since the target was looked at";
    expect(client.warnings).toEqual([`skipped ${at("folder/new")}: ${why} (4 of them, this is the first)`]);
  });

  test("is not overwritten, and that is an error", async () => {
    fs.unlinkSync(at("folder/inner"));
    const work = () => {
      write("same", "same, with hours of work in it");
      write("other", "other, mine, with hours of work in it");
      write("folder/inner", "made meanwhile");
    };
    await restoreWhile(work, {});
    expect(read("same")).toBe("same, with hours of work in it");
    expect(read("other")).toBe("other, mine, with hours of work in it");
    expect(read("folder/inner")).toBe("made meanwhile");
    // The other name of what was changed is one of the four.
    const why = /^error .*: what has its name in the target has appeared or changed since the target was looked at/;
    expect(client.warnings.map((line) => why.test(line))).toEqual([true, true, true, true]);
  });

  test("names of one file that have become several become one again", async () => {
    fs.unlinkSync(at("twin"));
    fs.copyFileSync(at("same"), at("twin"));
    await restoreWhile(() => {}, {});
    expect(fs.statSync(at("twin")).ino).toBe(fs.statSync(at("same")).ino);
    expect(client.warnings).toEqual([]);
  });
});
