/** Copies of a repository whose registers live elsewhere: all of them would share one table, so only one is written to. */
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";

let desk: Desk;
let env: Record<string, string>;
beforeEach(async () => {
  desk = new Desk();
  env = { BCAT_REGISTERS: desk.path("registers") };
  desk.write({ "source/a": "alpha" });
  await desk.good(["backup", "--init", "source"], { env });
  fs.cpSync(desk.repository, desk.path("copy"), { recursive: true });
});
afterEach(() => desk[Symbol.dispose]());

const copy = () => ["--repo", desk.path("copy")];

async function backUpMore(): Promise<void> {
  desk.write({ "source/b": "only in 2" });
  await desk.good(["backup", "source"], { env });
}

/** Names of all that lies in a folder. */
function filesIn(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

async function expectRefused(words: readonly string[], says: RegExp): Promise<void> {
  const before = filesIn(desk.path("copy"));
  const run = await desk.bcat(words, { env });
  expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 14, stdout: "" });
  expect(run.stderr).toMatch(says);
  expect(filesIn(desk.path("copy"))).toEqual(before);
}

describe("of a repository with registers elsewhere", () => {
  test("one that is behind is read, and not written to, whatever is accepted", async () => {
    await backUpMore();
    await expectRefused(["backup", "source", ...copy()], /is behind .*only read/);
    await expectRefused(["backup", "--accept-rollback", "source", ...copy()], /only read/);
    expect(await desk.good(["snapshots", ...copy()], { env })).toMatch(/\n1 .*\n$/);
    await desk.good(["check", "--read-data"], { env });
    expect(await desk.good(["backup", "source"], { env })).toMatch(/snapshot 3/);
  });

  test("one that is up to date is not written to by who backs up into the original", async () => {
    await expectRefused(["backup", "source", ...copy()], /this machine backs up into ".*repository".*remove /);
    expect(await desk.good(["backup", "source"], { env })).toMatch(/snapshot 2/);
  });

  test("one that takes the place of the original is written to when what is known of that is removed", async () => {
    fs.rmSync(desk.repository, { recursive: true });
    const { stderr } = await desk.bcat(["backup", "source", ...copy()], { env });
    const [, known = ""] = /remove (\S+), a part of the cache/.exec(stderr) ?? [];
    fs.rmSync(known, { recursive: true });
    expect(await desk.good(["backup", "source", ...copy()], { env })).toMatch(/snapshot 2/);
  });

  test("one that was put back at the place of the original is not written to", async () => {
    await backUpMore();
    fs.renameSync(desk.repository, desk.path("newer"));
    fs.cpSync(desk.path("copy"), desk.repository, { recursive: true });
    for (const more of [[], ["--accept-rollback"]]) {
      const run = await desk.bcat(["backup", ...more, "source"], { env });
      expect(run).toMatchObject({ code: 14, stdout: "" });
    }
    fs.rmSync(desk.repository, { recursive: true });
    fs.renameSync(desk.path("newer"), desk.repository);
    expect(await desk.good(["backup", "source"], { env })).toMatch(/snapshot 3/);
    await desk.good(["check", "--read-data"], { env });
  });

  test("the registers are not made anew from one that is behind", async () => {
    await backUpMore();
    await expectRefused(["repair", "registers", ...copy()], /is behind/);
    expect(await desk.good(["backup", "source"], { env })).toMatch(/snapshot 3/);
    await desk.good(["repair", "registers"], { env });
    expect(await desk.good(["backup", "source"], { env })).toMatch(/snapshot 4/);
  });

  test("nor from a place that can only be read", async () => {
    const run = await desk.bcat(["repair", "registers", "--repo", "http://127.0.0.1:1/x"], { env });
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expect(run.stderr).toMatch(/over HTTP, a repository can only be read/);
  });
});

test("a dry run reads the copies of registers that live elsewhere", async () => {
  fs.rmSync(join(desk.path("registers")), { recursive: true });
  expect(await desk.good(["backup", "--dry-run", "source"], { env })).toMatch(/1 unmodified/);
});
