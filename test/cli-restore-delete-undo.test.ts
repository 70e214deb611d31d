/** A restore that deletes what the snapshot has not, and what puts back what a restore has overwritten. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { canMount, type Desk, DeskWithSnapshot, jsonLines, program } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { canUseTerminal, onTerminal } from "./cli/terminal.js";
import { programTimeUnit } from "./kit/exact-times.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

/** A name of its own for the machine takes privileges. */
const canRename = spawnSync("unshare", ["--uts", "hostname", "other"]).status === 0;
if (!canRename) process.stdout.write("undo: skipped what needs another host name: this user cannot set one\n");

const mirror = ["restore", "latest", "all", "target", "--overwrite", "always", "--delete", "--yes"];

async function differences(desk: Desk, one: string, other: string): Promise<string[]> {
  return describeDifferences(
    await compareTrees(desk.path(one), desk.path(other), { ignoreTopTime: true, timeUnit: programTimeUnit }),
  );
}

/** A source with a second snapshot of it, and a target that differs in all ways. */
async function arrange(): Promise<Desk> {
  const desk = await models.open();
  rmSync(desk.path("source"), { recursive: true });
  for (const folder of ["source/d/deep", "source/e"]) mkdirSync(desk.path(folder), { recursive: true });
  for (const name of ["a", "d/b", "e/s", "same"]) writeFileSync(desk.path(`source/${name}`), `${name} of the snapshot`);
  symlinkSync("a", desk.path("source/link"));
  await desk.good(["backup", "source", "--force"]);
  execFileSync("cp", ["-a", desk.path("source"), desk.path("target")]);
  writeFileSync(desk.path("target/a"), "changed");
  mkdirSync(desk.path("target/x/y"), { recursive: true });
  for (const name of ["x/y/z", "x/other", "d/deep/extra"]) writeFileSync(desk.path(`target/${name}`), `${name}, mine`);
  rmSync(desk.path("target/e"), { recursive: true });
  writeFileSync(desk.path("target/e"), "a file");
  rmSync(desk.path("target/d/b"));
  mkdirSync(desk.path("target/d/b/inner"), { recursive: true });
  rmSync(desk.path("target/link"));
  symlinkSync("elsewhere", desk.path("target/link"));
  execFileSync("chmod", ["711", desk.path("target/d")]);
  execFileSync("cp", ["-a", desk.path("target"), desk.path("before")]);
  return desk;
}

describe.concurrent("restore --delete", () => {
  test("makes the target a mirror, says what goes, and keeps it", async () => {
    using desk = await arrange();
    const run = await desk.bcat(mirror);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("to be deleted, for the snapshot has not got them: 3 files and 4 folders, ");
    expect(run.stderr).toContain(`  ${desk.path("target/d/deep/extra")}\n`);
    expect(run.stdout).toMatch(/^deleted: 7 entries$/m);
    expect(await differences(desk, "source", "target")).toEqual([]);
  });

  test("tells the plan and the counts as JSON", async () => {
    using desk = await arrange();
    const messages = jsonLines(await desk.good([...mirror, "--json"]));
    const deletion = messages.find((message) => message.message_type === "deletion");
    expect(deletion).toMatchObject({ files: 3, folders: 4, first: expect.any(Array) });
    expect(messages.at(-1)).toMatchObject({ files_deleted: 7, files_unchanged: 1, undo_snapshot: 3, error_count: 0 });
  });

  test("where nobody can see it and without --yes is refused, and so is it without --overwrite", async () => {
    using desk = await arrange();
    expectRefusal(await desk.bcat(mirror.slice(0, -1)), { code: 2, says: /without --yes/ });
    expectRefusal(await desk.bcat(["restore", "latest", "all", "target", "--delete", "--yes"]), {
      code: 2,
      says: /--delete without --overwrite/,
    });
    expect(await differences(desk, "before", "target")).toEqual([]);
  });

  test.skipIf(!canUseTerminal())("on a terminal waits, and Ctrl-C leaves everything as it is", async () => {
    using desk = await arrange();
    const line = '"$BCAT" restore latest all target --overwrite always --delete';
    const { code, screen } = await onTerminal(desk, line, [{ question: "deleting in 15 s", type: "\u0003" }]);
    expect(screen).toContain("to be deleted, for the snapshot has not got them: 3 files and 4 folders, ");
    expect(code).toBe(130);
    expect(screen).toContain("interrupted; nothing was restored or deleted");
    expect(await differences(desk, "before", "target")).toEqual([]);
    expect(await desk.good(["snapshots"])).not.toContain("undo");
  });

  test("follows no link, and never deletes beside what was restored", async () => {
    using desk = await arrange();
    mkdirSync(desk.path("outside"));
    writeFileSync(desk.path("outside/file"), "mine");
    symlinkSync(desk.path("outside"), desk.path("target/x/link"));
    linkSync(desk.path("outside/file"), desk.path("target/x/name"));
    const source = desk.path("source");
    await desk.good(["restore", "latest", `${source}/d`, `${source}/e`, "target", ...mirror.slice(4)]);
    expect(existsSync(desk.path("target/x/y/z"))).toBe(true);
    await desk.good(mirror);
    expect(existsSync(desk.path("target/x"))).toBe(false);
    expect(readFileSync(desk.path("outside/file"), "utf8")).toBe("mine");
  });

  test("leaves the repository and the folders above it, when they lie in the target", async () => {
    using desk = await arrange();
    mkdirSync(desk.path("target/x/place"));
    execFileSync("mv", [desk.repository, desk.path("target/x/place/repository")]);
    const moved = [...mirror, "--repo", desk.path("target/x/place/repository")];
    const run = await desk.bcat(moved);
    expect(run.stderr).toContain("it was not deleted: it belongs to the repository");
    expect(existsSync(desk.path("target/x/place/repository/config"))).toBe(true);
    expect(existsSync(desk.path("target/x/y"))).toBe(false);
  });

  test("leaves what patterns leave out of the restore, and the folders above it", async () => {
    using desk = await arrange();
    for (const name of ["x/y/notes.keep", "d/one.keep"]) writeFileSync(desk.path(`target/${name}`), "mine");
    const run = await desk.bcat([...mirror, "--exclude", "*.keep", "--verify"]);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^read back and right: 4 files$/m);
    expect(await differences(desk, "source", "target")).toEqual([
      expect.stringMatching(/^d\/one\.keep: extra/),
      expect.stringMatching(/^x: extra/),
    ]);
    expect(existsSync(desk.path("target/x/y/notes.keep"))).toBe(true);
    expect(existsSync(desk.path("target/x/y/z"))).toBe(false);
  });

  test.skipIf(!canMount())("leaves what is mounted", async () => {
    using desk = await arrange();
    execFileSync("mount", ["-t", "tmpfs", "none", desk.path("target/x/y")]);
    try {
      writeFileSync(desk.path("target/x/y/file"), "mine");
      const run = await desk.bcat(mirror);
      expect(run.stderr).toContain("it was not deleted: another file system is mounted there");
      expect(readFileSync(desk.path("target/x/y/file"), "utf8")).toBe("mine");
    } finally {
      execFileSync("umount", [desk.path("target/x/y")]);
    }
  });

  test.skipIf(!canMount())("leaves a folder of the same file system that is mounted, and what is in it", async () => {
    using desk = await arrange();
    desk.write({ "precious/file": "mine" });
    execFileSync("mount", ["--bind", desk.path("precious"), desk.path("target/x/y")]);
    try {
      const run = await desk.bcat(mirror);
      expect(run.stderr).toContain("it was not deleted: another file system is mounted there");
      expect(existsSync(desk.path("target/x/other"))).toBe(false);
      expect(desk.read("precious/file")).toBe("mine");
    } finally {
      execFileSync("umount", [desk.path("target/x/y")]);
    }
  });

  test("leaves what the snapshot lacks because it could not be read", async () => {
    using desk = await models.open();
    desk.write({ "tree/closed/deep/file": "mine", "tree/unread": "mine", "tree/read": "mine" });
    for (const name of ["closed", "unread"]) chmodSync(desk.path("tree", name), 0);
    expect((await desk.bcat(["backup", "tree"], { unprivileged: true })).code).toBe(3);
    for (const name of ["closed", "unread"]) chmodSync(desk.path("tree", name), 0o700);
    desk.write({ "tree/extra": "mine" });
    const words = ["restore", `latest:${desk.path("tree")}`, "--target", desk.path("tree")];
    const run = await desk.bcat([...words, "--overwrite", "always", "--delete", "--yes"]);
    expect(run.stderr).toContain("the snapshot is not all that was there, and may lack it only for that (2 of them");
    expect(desk.read("tree/closed/deep/file") + desk.read("tree/unread")).toBe("minemine");
    expect(existsSync(desk.path("tree/extra"))).toBe(false);
    expect((await desk.bcat([...words, "--overwrite", "always", "--delete", "--yes"])).stderr).toContain("(2 of them");
  });
});

describe.concurrent("undo", () => {
  test("puts back what was overwritten and deleted, and then what it has overwritten itself", async () => {
    using desk = await arrange();
    await desk.good(mirror);
    await desk.good(["undo"]);
    expect(await differences(desk, "before", "target")).toEqual([]);
    await desk.good(["undo"]);
    const left = await differences(desk, "source", "target");
    // What a restore has added stays.
    expect(left.filter((line) => !line.includes(": extra:"))).toEqual([]);
    await desk.good(["undo", "3"]);
    expect(await differences(desk, "before", "target")).toEqual([]);
  });

  test("what it keeps is never the latest, nor the parent of a backup", async () => {
    using desk = await arrange();
    await desk.good(mirror);
    expect(await desk.good(["ls", "latest"])).toContain("/source/a");
    const [parents] = jsonLines(await desk.good(["backup", "target", "--json"]));
    expect(parents).toEqual({ message_type: "parents", sources: [{ path: desk.path("target") }] });
  });

  test("keeps only what is overwritten or deleted, and nothing where nothing is", async () => {
    using desk = await arrange();
    await desk.good(mirror);
    const kept = await desk.good(["ls", "3"]);
    expect(kept).toContain("/target/a\n");
    expect(kept).not.toContain("/target/same");
    await desk.good(mirror);
    expect(await desk.good(["snapshots"])).not.toMatch(/^4 /m);
  });

  test("is refused for a snapshot of a backup, for none at all, and a backup cannot have the tag", async () => {
    using desk = await arrange();
    expectRefusal(await desk.bcat(["undo"]), { code: 1, says: /no restore on this host has overwritten anything/ });
    expectRefusal(await desk.bcat(["undo", "1"]), { code: 2, says: /it is of a backup/ });
    expectRefusal(await desk.bcat(["undo", "latest"]), { code: 2, says: /give the number/ });
    expectRefusal(await desk.bcat(["backup", "source", "--tag", "undo"]), { code: 2, says: /the tag "undo"/ });
  });

  test.runIf(canRename)("puts back what was kept on another host only where that is said", async () => {
    using desk = await arrange();
    await desk.good(mirror);
    const host = execFileSync("uname", ["-n"], { encoding: "utf8" }).trim();
    const elsewhere = (...words: string[]) =>
      desk.run(["unshare", "--uts", "sh", "-c", 'hostname other && exec "$@"', "sh", program, "undo", ...words]);
    expectRefusal(await elsewhere(), { code: 1, says: new RegExp(`on this host .*snapshot 3 of "${host}"`) });
    const says = new RegExp(
      `snapshot 3 for this host: .* on "${host}"; --host ${host} puts it into "${desk.path("target")}"`,
    );
    expectRefusal(await elsewhere("3"), { code: 2, says });
    expectRefusal(await elsewhere("3", "--host", "third"), { code: 2, says: /snapshot 3 for "third"/ });
    expectRefusal(await desk.bcat(["undo", "--host", "other"]), { code: 1, says: /on "other" has/ });
    expect(await differences(desk, "source", "target")).toEqual([]);
    expect(await elsewhere("3", "--host", host)).toMatchObject({ code: 0 });
    expect(await differences(desk, "before", "target")).toEqual([]);
    // What that has overwritten, it has kept as what it is.
    expect(await elsewhere()).toMatchObject({ code: 0 });
  });

  test("what cannot be kept is not restored over, and no snapshot is left of the rest", async () => {
    using desk = await arrange();
    chmodSync(desk.path("target/x/other"), 0);
    // Enough for the backup to be ended before it is done.
    for (let i = 0; i < 20; i++) desk.write({ [`target/y/${i}`]: 2 ** 20 });
    execFileSync("cp", ["-a", desk.path("target/y"), desk.path("before")]);
    const committed = desk.committed();
    const run = await desk.bcat(mirror, { unprivileged: true });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(
      `cannot keep "${desk.path("target/x/other")}" before it is overwritten or deleted: permission denied (EACCES); nothing was changed, and no snapshot was made; --no-undo restores without keeping anything\n`,
    );
    expect(desk.committed()).toEqual(committed);
    chmodSync(desk.path("target/x/other"), 0o644);
    expect(await differences(desk, "before", "target")).toEqual([]);
    expectRefusal(await desk.bcat(["undo"]), { code: 1, says: /no restore on this host/ });
    await desk.good(mirror);
    expect(await differences(desk, "source", "target")).toEqual([]);
  });

  test("in a repository that can only be read changes nothing, and names --no-undo", async () => {
    using desk = await arrange();
    execFileSync("chmod", ["-R", "a-w", desk.repository]);
    const run = await desk.bcat(mirror, { unprivileged: true });
    expect(run.code).toBe(11);
    expect(run.stderr).toMatch(
      /EACCES.*; nothing was restored or deleted; --no-undo restores without keeping anything$/m,
    );
    execFileSync("chmod", ["-R", "u+w", desk.repository]);
    expect(await differences(desk, "before", "target")).toEqual([]);
  });

  test("keeps nothing with --no-undo", async () => {
    using desk = await arrange();
    await desk.good([...mirror, "--no-undo"]);
    expect(await desk.good(["snapshots"])).not.toContain("undo");
    expect(await differences(desk, "source", "target")).toEqual([]);
  });
});
