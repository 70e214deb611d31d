/** Files, targets and disks that cannot be read or written, as a user without privileges, and names that bite. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { canMount, Desk, DeskWithSnapshot, jsonLines } from "./cli/desk.js";
import { expectClean, expectJsonRefusal, expectRefusal, expectWarnings } from "./cli/refusal.js";
import { usesKoffi } from "./kit/exact-times.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());
const mounting = canMount();

describe.concurrent("a source without permission", () => {
  test("is left out, named, told by exit code 3 every time, and the rest is restored", async () => {
    using desk = new Desk();
    desk.write({
      "source/secret": "x",
      "source/closed/in.txt": "y",
      "source/open.txt": "z",
      "source/zoo/last.txt": "!",
    });
    chmodSync(desk.path("source/secret"), 0);
    chmodSync(desk.path("source/closed"), 0);
    for (const words of [
      ["backup", "--init", "source"],
      ["backup", "source"],
    ]) {
      const run = await desk.bcat(words, { unprivileged: true });
      expectWarnings(run, 3, [/source\/closed".*permission denied/, /source\/secret".*permission denied/]);
      expect(run.stdout).toMatch(/^errors: 2, each named above$/m);
    }
    await desk.good(["restore", "latest", "all", "out"]);
    expect(desk.read("out/open.txt") + desk.read("out/zoo/last.txt")).toBe("z!");
    expect(existsSync(desk.path("out/secret")) || existsSync(desk.path("out/closed/in.txt"))).toBe(false);
  });

  test("is an error message with --json", async () => {
    using desk = new Desk();
    desk.write({ "source/secret": "x" });
    chmodSync(desk.path("source/secret"), 0);
    const run = await desk.bcat(["backup", "--init", "source", "--json"], { unprivileged: true });
    expectClean(run);
    expect(run.code).toBe(3);
    // Without koffi it is also said that there are none of the attributes.
    const told = jsonLines(run.stderr).filter(({ code }) => usesKoffi || code !== "attributes-not-stored");
    expect(told).toEqual([
      {
        message_type: "error",
        code: "unreadable",
        system_code: "EACCES",
        error: { message: expect.stringContaining("permission denied") },
        during: "archival",
        item: desk.path("source/secret"),
      },
    ]);
    expect(jsonLines(run.stdout).at(-1)).toMatchObject({ message_type: "summary", error_count: 1, snapshot_number: 1 });
  });

  test("that is all there is is refused, and nothing is committed", async () => {
    using desk = new Desk();
    desk.write({ secret: "x" });
    chmodSync(desk.path("secret"), 0);
    await desk.good(["init"]);
    const run = await desk.bcat(["backup", "secret"], { unprivileged: true });
    expectWarnings(run, 1, [/secret".*permission denied/, /none of the sources.*nothing was committed/]);
    expect(desk.committed()).toEqual([]);
  });
});

describe.concurrent("a target", () => {
  test("that holds the restored name is refused, and nothing in it is touched", async () => {
    using desk = await models.open();
    desk.write({ "out/a.txt": "mine\n" });
    expectRefusal(await desk.bcat(["restore", "1", "all", "out"]), { code: 1, says: /out\/a\.txt.*exists/ });
    expectRefusal(await desk.bcat(["restore", "1", "a.txt", "out"]), { code: 1, says: /out\/a\.txt.*exists/ });
    expect(desk.list(desk.path("out"))).toEqual(["a.txt 5"]);
    expect(desk.read("out/a.txt")).toBe("mine\n");
  });

  test("that is a file is refused", async () => {
    using desk = await models.open();
    desk.write({ out: "mine" });
    expectRefusal(await desk.bcat(["restore", "1", "all", "out"]), {
      code: 1,
      says: /out".*(ENOTDIR|not a directory)/,
    });
    expectRefusal(await desk.bcat(["restore", "1", "all", "out/x"]), {
      code: 1,
      says: /out\/x".*(ENOTDIR|not a directory)/,
    });
    expect(desk.read("out")).toBe("mine");
  });

  test("whose parent is missing is refused", async () => {
    using desk = await models.open();
    expectRefusal(await desk.bcat(["restore", "1", "all", "gone/out"]), {
      code: 1,
      says: /gone\/out".*(ENOENT|no such)/,
    });
    expect(existsSync(desk.path("gone"))).toBe(false);
  });

  test("with an empty or endless name is refused", async () => {
    using desk = await models.open();
    expectRefusal(await desk.bcat(["restore", "1", "all", ""]), { code: 2, says: /empty/ });
    expectRefusal(await desk.bcat(["restore", "1", "all", "n".repeat(300)]), {
      code: 1,
      says: /ENAMETOOLONG|too long/,
    });
  });

  test("that cannot be written is refused", async () => {
    using desk = await models.open();
    mkdirSync(desk.path("out"), { mode: 0o555 });
    const options = { unprivileged: true };
    expectRefusal(await desk.bcat(["restore", "1", "all", "out/new"], options), { code: 1, says: /permission denied/ });
    const run = await desk.bcat(["restore", "1", "all", "out"], options);
    expectClean(run);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/out|a\.txt/);
    expect(readdirSync(desk.path("out"))).toEqual([]);
  });

  test.skipIf(!mounting)("that is full is refused, and no file that is short is left", async () => {
    using desk = new Desk();
    const size = 900_000;
    desk.write({ "source/1": size, "source/2": size });
    await desk.good(["backup", "--init", "source"]);
    const disk = desk.mount("disk", "-t", "tmpfs", "-o", "size=1m", "tmpfs");
    const run = await desk.bcat(["restore", "latest", "all", join(disk, "out")]);
    expectRefusal(run, { code: 1, says: /no space left \(ENOSPC\); the restore ended here and is incomplete/ });
    for (const line of desk.list(disk)) expect(line).toMatch(new RegExp(` ${size}$`));
    await desk.good(["restore", "latest", "all", "out"]);
  });
});

describe.concurrent("a repository", () => {
  test.skipIf(!mounting)(
    "on a full disk is not written to, still restores, and goes on when there is space",
    async () => {
      using desk = new Desk();
      const disk = desk.mount("disk", "-t", "tmpfs", "-o", "size=4m", "tmpfs");
      const env = { BCAT_REPOSITORY: join(disk, "repository") };
      desk.write({ "small/a": "a", "large/b": 2_000_000, "disk/ballast": 3_000_000 });
      await desk.good(["backup", "--init", "small"], { env });
      const snapshots = async () => ((await desk.json(["snapshots"], { env })) as unknown[]).length;
      expectRefusal(await desk.bcat(["backup", "large"], { env }), { code: 11, says: /ENOSPC|full|no space/ });
      expectJsonRefusal(await desk.bcat(["backup", "large", "--json"], { env }), {
        code: 11,
        says: /ENOSPC|full|no space/,
      });
      expect(await snapshots()).toBe(1);
      await desk.good(["restore", "1", "all", "out"], { env });
      await desk.good(["check", "--read-data"], { env });
      rmSync(desk.path("disk/ballast"));
      await desk.good(["backup", "large"], { env });
      await desk.good(["restore", "latest", "all", "out2"], { env });
      expect(readFileSync(desk.path("out2/b")).equals(readFileSync(desk.path("large/b")))).toBe(true);
      await desk.good(["check", "--read-data"], { env });
    },
  );

  test.skipIf(!mounting)("on a disk too full for anything is refused at init", async () => {
    using desk = new Desk();
    const disk = desk.mount("disk", "-t", "tmpfs", "-o", "size=4k,nr_inodes=4", "tmpfs");
    const run = await desk.bcat(["init", "--repo", join(disk, "repository")]);
    expectRefusal(run, { code: 11, says: /ENOSPC|full|no space/ });
  });

  test.skipIf(!mounting)("on a read-only disk is read but not written", async () => {
    using desk = await models.open();
    desk.mount("repository", "--bind", desk.repository);
    await desk.run(["mount", "-o", "remount,ro,bind", desk.repository]);
    const before = desk.list();
    expectRefusal(await desk.bcat(["backup", "source"]), { code: 11, says: /EROFS|read-only/ });
    await desk.good(["restore", "1", "all", "out"]);
    await desk.good(["check"]);
    await desk.good(["backup", "--dry-run", "source"]);
    expect(desk.list()).toEqual(before);
  });

  test("without the permission to write is read but not written", async () => {
    using desk = await models.open();
    const before = desk.list();
    await desk.run(["chmod", "-R", "a-w", desk.repository]);
    const options = { unprivileged: true };
    expectRefusal(await desk.bcat(["backup", "source"], options), { code: 11, says: /EACCES|permission denied/ });
    for (const words of [["snapshots"], ["restore", "1", "all", "out"], ["check", "--read-data"]])
      await desk.good(words, options);
    expect(desk.list()).toEqual(before);
  });

  test("without the permission to read is refused", async () => {
    using desk = await models.open();
    chmodSync(desk.repository, 0);
    const options = { unprivileged: true };
    for (const words of [["snapshots"], ["init"], ["backup", "--init", "source"]])
      expectRefusal(await desk.bcat(words, options), { code: 11, says: /EACCES|permission denied/ });
  });
});

describe.concurrent("a name", () => {
  /** Newline, ESC [ 31 m, not UTF-8, right-to-left override, backslash. */
  const names = ["new\nline", "\u001b[31mred", "latin\xff", "back\\slash"].map((name) => Buffer.from(name, "latin1"));
  const shown = ["new\\x0aline", "\\x1b[31mred", "latin\\xff", "back\\\\slash"];

  test("of any bytes is shown without one that a terminal would obey", async () => {
    using desk = new Desk();
    const folder = Buffer.from(`${desk.path("source")}/`);
    mkdirSync(folder);
    for (const name of names) writeFileSync(Buffer.concat([folder, name]), "");
    writeFileSync(desk.path("source/\u202egnp.exe"), "");
    for (const name of names) chmodSync(Buffer.concat([folder, name]), 0);
    for (const words of [["init"], ["snapshots"]]) expectClean(await desk.bcat(words));

    const backup = await desk.bcat(["backup", "source"], { unprivileged: true });
    expectClean(backup);
    expect(backup.code).toBe(3);
    for (const name of shown) expect(backup.stderr).toContain(`source/${name}"`);

    for (const name of names) chmodSync(Buffer.concat([folder, name]), 0o644);
    await desk.good(["backup", "source"]);
    const ls = await desk.bcat(["ls", "latest"]);
    expectClean(ls);
    for (const name of [...shown, "\\xe2\\x80\\xaegnp.exe"])
      expect(ls.stdout.split("\n")).toContain(`${desk.path("source")}/${name}`);
    expectClean(await desk.bcat(["ls", "-l", "latest"]));
    const entries = JSON.parse(await desk.good(["ls", "latest", "--json"]));
    const latin = entries.find(({ path_b64 }: { path_b64?: string }) => path_b64 !== undefined);
    expect(Buffer.from(latin.name_b64, "base64")).toEqual(names[2]);

    mkdirSync(desk.path("out"));
    writeFileSync(Buffer.concat([Buffer.from(`${desk.path("out")}/`), names[0]!]), "");
    expectRefusal(await desk.bcat(["restore", "latest", "all", "out"]), { code: 1, says: /new(\\x0a|\\n)line/ });
    expectRefusal(await desk.bcat(["ls", "latest", "\u001b[2Jgone"]), { code: 1, says: /\\(x1b|u001b)\[2Jgone/ });
  });

  test("of a root, host or tag of any characters is shown the same way", async () => {
    using desk = new Desk();
    desk.write({ "ro\not/a": "a" });
    const run = await desk.bcat(["backup", "--init", "--host", "h\u001b[1mst", "--tag", "t\ng", "ro\not"]);
    expectClean(run);
    expect(run.code).toBe(0);
    const list = await desk.bcat(["snapshots"]);
    expectClean(list);
    expect(list.stdout).toContain("h\\x1b[1mst");
    expect(list.stdout).toContain("ro\\x0aot");
    expect(list.stdout.trimEnd().split("\n")).toHaveLength(2);
    expectClean(await desk.bcat(["restore", "1", "all", "out\u001b[2J"]));
    expectRefusal(await desk.bcat(["restore", "1", "a", "out\u001b[2J"]), { code: 1, says: /out\\(x1b|u001b)\[2J/ });
  });

  test("after --tag a is a path, one after -- may begin with a dash, and numbers stay names", async () => {
    using desk = new Desk();
    desk.write({ "x/file": "1", "-dash": "2", "1e3/file": "3", "007/file": "4", true: "5", "--json": "6" });
    const add = async (...words: string[]) => {
      await desk.good(["backup", "--init", ...words]);
      const snapshots = (await desk.json(["snapshots"])) as { paths: string[]; tags?: string[] }[];
      const { paths, tags } = snapshots.at(-1)!;
      return { paths: paths.map((path) => path.replace(`${desk.folder}/`, "")), ...(tags && { tags }) };
    };
    expect(await add("--tag", "a", "x")).toEqual({ paths: ["x"], tags: ["a"] });
    expect(await add("--tag", "a", "--tag=b,c", desk.path("x"))).toEqual({ paths: ["x"], tags: ["a", "b", "c"] });
    expect(await add("--", "-dash", "--json")).toEqual({ paths: ["--json", "-dash"] });
    expect(await add("./-dash")).toEqual({ paths: ["-dash"] });
    expect(await add("1e3", "007", "--quiet", "true")).toEqual({ paths: ["007", "1e3", "true"] });
    expect(await add("--tag", "007", "x//", "./x")).toEqual({ paths: ["x"], tags: ["007"] });
  });

  test("all, as a root, is written ./all", async () => {
    using desk = new Desk();
    desk.write({ "all/a": "1", "source/all": "2", "source/b": "3" });
    await desk.good(["backup", "--init", "all"]);
    await desk.good(["backup", "source"]);
    await desk.good(["restore", "2", "./all", "one/"]);
    expect(desk.list(desk.path("one"))).toEqual(["all 1"]);
    await desk.good(["restore", "2", "all", "whole"]);
    expect(desk.list(desk.path("whole"))).toEqual(["all 1", "b 1"]);
    await desk.good(["restore", "1", desk.path("all"), "root"]);
    expect(desk.list(desk.path("root"))).toEqual(["all/a 1"]);
  });

  test("that is a broken link, or a link to a folder, is kept as a link", async () => {
    using desk = new Desk();
    desk.write({ "folder/a": "1" });
    symlinkSync("nowhere", desk.path("broken"));
    symlinkSync("folder", desk.path("link"));
    await desk.good(["backup", "--init", "broken", "link"]);
    expect(await desk.good(["ls", "latest"])).toBe(`${desk.path("broken")}\n${desk.path("link")}\n`);
  });
});
