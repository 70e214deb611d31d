/** The recipe of docs/replicas.md, as it stands there, while somebody backs up; and what bcat makes of the copy. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Desk, linesOf, noMessage } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";
import { isLongRun } from "./kit/long-run.js";

/** Backups while copies are made. */
const WRITES = isLongRun ? 6 : 3;

const page = readFileSync(join(import.meta.dirname, "../docs/replicas.md"), "utf8");
const [, recipe = ""] = /```sh\n(#!\/bin\/sh\n.*?)```/s.exec(page) ?? [];

const hasRsync = (() => {
  try {
    execFileSync("rsync", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    process.stdout.write("replicas: skipped: there is no rsync here\n");
    return false;
  }
})();

/** With a repository of one snapshot, and the recipe as a program. */
async function openDesk(): Promise<Desk> {
  const desk = new Desk();
  desk.write({ "source/a.txt": "alpha\n", "source/b.bin": 200_000 });
  writeFileSync(desk.path("replicate"), recipe);
  chmodSync(desk.path("replicate"), 0o755);
  await desk.good(["backup", "--init", "source"]);
  return desk;
}

async function replicate(desk: Desk): Promise<void> {
  const run = await desk.run(["./replicate", desk.repository, desk.path("copy")]);
  expect(run).toMatchObject({ code: 0, stdout: "", stderr: "" });
}

async function backUp(desk: Desk, file: string): Promise<void> {
  desk.write({ [`source/${file}`]: 100_000 });
  await desk.good(["backup", "source"]);
}

test("the page has the recipe", () => {
  expect(recipe).toContain("rsync -a");
});

describe.skipIf(!hasRsync).concurrent("a copy by the recipe", () => {
  test("is a repository that is read while it is behind, and not written to until somebody says so", async () => {
    using desk = await openDesk();
    await replicate(desk);
    const inCopy = ["--repo", "copy"];
    expect(await desk.bcat(["check", "--read-data", ...inCopy])).toMatchObject({ code: 0, stderr: noMessage });

    await backUp(desk, "c.bin");
    const behind = /^bcat: the copy in ".*\/copy" is behind ".*\/repository": "outcomes\/0000000002" was seen there/;
    for (const words of [["snapshots"], ["check", "--read-data"], ["restore", "latest", "all", "out"]])
      expectWarnings(await desk.bcat([...words, ...inCopy]), 0, [behind]);
    expect(desk.list(desk.path("out"))).toEqual(["a.txt 6", "b.bin 200000"]);
    const before = desk.list(desk.path("copy"));
    const refused = {
      code: 14,
      says: /is behind.*would fork.*back up into ".*\/repository"; or, .*back up or repair once with --accept-rollback$/m,
    };
    expectRefusal(await desk.bcat(["backup", "source", ...inCopy]), refused);
    expect(desk.list(desk.path("copy"))).toEqual(before);

    // The original goes on, and the copy follows.
    await backUp(desk, "d.bin");
    await replicate(desk);
    expect(await desk.bcat(["check", "--read-data", ...inCopy])).toMatchObject({ code: 0, stderr: noMessage });

    await backUp(desk, "e.bin");
    expectWarnings(await desk.bcat(["backup", "--accept-rollback", "source", ...inCopy]), 0, [/going on from/]);
    expect(await desk.bcat(["backup", "source", ...inCopy])).toMatchObject({ code: 0, stderr: noMessage });
    expect(await desk.bcat(["check", "--read-data", ...inCopy])).toMatchObject({ code: 0, stderr: noMessage });
    expect(await desk.bcat(["backup", "source"])).toMatchObject({ code: 0, stderr: noMessage });
    expect(await desk.bcat(["check", "--read-data"])).toMatchObject({ code: 0, stderr: noMessage });
  });

  test("is left alone when it was backed up into, and when another repository is there", async () => {
    using desk = await openDesk();
    await replicate(desk);
    const refused = async (says: string) => {
      const before = desk.list(desk.path("copy"));
      const run = await desk.run(["./replicate", desk.repository, desk.path("copy")]);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
      expect(desk.list(desk.path("copy"))).toEqual(before);
    };
    await desk.good(["backup", "source", "--repo", "copy"]);
    await refused("sessions/0000000002");
    await backUp(desk, "c.bin");
    await refused("sessions/0000000002");
    rmSync(desk.path("copy"), { recursive: true });
    await desk.good(["init", "--repo", "copy", "--no-cache"]);
    await refused("config");
  });

  test("is whole however often it is made while others back up", async () => {
    using desk = await openDesk();
    let isDone = false;
    const backups = (async () => {
      for (let i = 0; i < WRITES; i++) await backUp(desk, `while-${i}.bin`);
      isDone = true;
    })();
    const elsewhere = { env: { XDG_CACHE_HOME: desk.path("elsewhere") } };
    for (let last = false; !last; ) {
      last = isDone;
      await replicate(desk);
      const check = await desk.bcat(["check", "--read-data", "--repo", "copy", "--no-cache"], elsewhere);
      expect(check, check.stdout).toMatchObject({ code: 0, stderr: noMessage });
    }
    await backups;
    const list = await desk.good(["snapshots", "--repo", "copy"]);
    expect(linesOf(list)).toHaveLength(WRITES + 2);
    expect(desk.list(desk.path("copy"))).toEqual(desk.list());
  });

  test("is not made of a disk that is not mounted, and follows what was deleted in packs and index only", async () => {
    using desk = await openDesk();
    desk.write({ "repository/packs/ab/1-left": 10 });
    await replicate(desk);
    rmSync(desk.path("repository/packs/ab/1-left"));
    await replicate(desk);
    expect(desk.list(desk.path("copy"))).toEqual(desk.list());
    rmSync(desk.repository, { recursive: true });
    const before = desk.list(desk.path("copy"));
    const run = await desk.run(["./replicate", desk.repository, desk.path("copy")]);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining("is its disk mounted?") });
    expect(desk.list(desk.path("copy"))).toEqual(before);
  });
});

test("a copy is not judged by a place where another repository is now", async () => {
  using desk = await openDesk();
  cpSync(desk.repository, desk.path("copy"), { recursive: true });
  await backUp(desk, "c.bin");
  rmSync(desk.repository, { recursive: true });
  await desk.good(["init"]);
  expect(await desk.good(["backup", "source", "--repo", "copy"])).toMatch(/snapshot 2/);
});
