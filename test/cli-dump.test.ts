/** `bcat dump` at the command line: where its bytes go, and how it ends. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Child, DeskWithSnapshot, noMessage, program } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { flip, largest } from "./cli/tamper.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

/** Random bytes, so that as much is in packs. */
const LARGE = 12_000_000;

describe.concurrent("bcat dump", () => {
  test("writes a file's bytes to stdout and nothing else", async () => {
    using desk = await models.open();
    expect(await desk.bcat(["dump", "latest", "a.txt"])).toEqual({
      code: 0,
      signal: null,
      stdout: "alpha\n",
      stderr: noMessage,
    });
  });

  test("writes a file as the one entry of an archive, when --archive asks for one", async () => {
    using desk = await models.open();
    const names = await desk.run(["sh", "-c", `"${program}" dump latest a.txt --archive tar | tar -t`]);
    expect(names.stdout).toBe(`${desk.root.slice(1)}/a.txt\n`);
    const told = await desk.good(["dump", "latest", "a.txt", "--archive", "zip", "-t", "a.zip"]);
    expect(told).toContain("to a.zip, as zip\n1 file, ");
    expect(desk.read("a.zip").slice(0, 2)).toBe("PK");
    const below = await desk.run(["sh", "-c", `"${program}" dump latest:${desk.root} a.txt -a tar | tar -t`]);
    expect(below.stdout).toBe("a.txt\n");
  });

  test("writes to stdout for --target -, and makes no file of that name", async () => {
    using desk = await models.open();
    expect(await desk.good(["dump", "latest", "a.txt", "-t", "-"])).toBe("alpha\n");
    expect(fs.existsSync(desk.path("-"))).toBe(false);
  });

  test.each([["all"], ["/"], ["."]])("writes everything as a tar archive for the path %s", async (path) => {
    using desk = await models.open();
    const line = `"${program}" dump latest ${path} | tar -t`;
    const { stdout } = await desk.run(["sh", "-c", line]);
    const root = desk.root.slice(1);
    const parts = desk.root.slice(1).split("/").slice(0, -1);
    expect(stdout.split("\n")).toEqual([
      ...parts.map((_, i) => `${parts.slice(0, i + 1).join("/")}/`),
      `${root}/`,
      `${root}/a.txt`,
      `${root}/folder/`,
      `${root}/folder/b.bin`,
      "",
    ]);
  });

  test("--target says by its name which form of archive is written", async () => {
    using desk = await models.open();
    desk.write({ "source/of.zip": "no archive" });
    await desk.good(["backup", "source"]);
    const begins = (name: string) => desk.read(name).slice(0, 2);
    await desk.good(["dump", "latest", "all", "-t", "a.zip"]);
    expect(begins("a.zip")).toBe("PK");
    for (const name of ["a.tar", "named zip"]) {
      await desk.good(["dump", "latest", "all", "-t", name]);
      expect(desk.read(name).slice(257, 262)).toBe("ustar");
    }
    await desk.good(["dump", "latest", "of.zip", "-t", "of.zip"]);
    expect(desk.read("of.zip")).toBe("no archive");
    const before = fs.readdirSync(desk.folder);
    for (const [words, says] of [
      [["-a", "tar", "-t", "a.zip"], /a tar archive to "a\.zip": its name says zip/],
      [["-a", "zip", "-t", "b.tar"], /its name says tar/],
      [["-t", "b.tar.gz"], /"b\.tar\.gz": its name says that it is packed/],
    ] as const)
      expectRefusal(await desk.bcat(["dump", "latest", "all", ...words]), { code: 2, says });
    expect(fs.readdirSync(desk.folder)).toEqual(before);
    expect(begins("a.zip")).toBe("PK");
  });

  test("ends quietly with code 141 when nobody reads any more", async () => {
    using desk = await models.open();
    desk.write({ "source/large": LARGE });
    await desk.good(["backup", "source"]);
    const line = `{ "${program}" dump latest large; echo $? >code; } | head -c 1000 | wc -c`;
    const { stdout, stderr } = await desk.run(["sh", "-c", line]);
    expect({ stdout: stdout.trim(), code: desk.read("code"), stderr }).toEqual({
      stdout: "1000",
      code: "141\n",
      stderr: noMessage,
    });
  });

  test("is heard of a signal while nobody reads", async () => {
    using desk = await models.open();
    desk.write({ "source/large": LARGE });
    await desk.good(["backup", "source"]);
    const line = `mkfifo pipe; exec 3<>pipe; "${program}" dump latest large >pipe & head -c 1 <&3 >/dev/null; kill $!; wait $!; echo $?`;
    const { stdout, stderr } = await desk.run(["sh", "-c", line]);
    expect(stdout).toBe("143\n");
    expect(stderr).toMatch(/interrupted; what was dumped so far is incomplete/);
  });

  test("interrupted while it writes a file says that there is none", async () => {
    using desk = await models.open();
    desk.write({ "source/large": LARGE });
    await desk.good(["backup", "source"]);
    fs.mkdirSync(desk.path("out"));
    const disturb = { below: desk.path("out"), file: /\.tmp$/, act: (child: Child) => void child.kill("SIGINT") };
    const run = await desk.bcat(["dump", "latest", "large", "-t", "out/file", "--limit-download=4M"], {
      disturb,
    });
    expect(run).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('interrupted; "out/file" was not written'),
    });
    expect(fs.readdirSync(desk.path("out"))).toEqual([]);
  });

  test("gives the target its name only when it is whole, and its mode when there was one", async () => {
    using desk = await models.open();
    desk.write({ "out/file": "before", "source/large": LARGE });
    fs.chmodSync(desk.path("out/file"), 0o640);
    await desk.good(["backup", "source"]);
    await desk.good(["dump", "latest", "a.txt", "--target", "out/file"]);
    expect(desk.read("out/file")).toBe("alpha\n");
    expect(fs.statSync(desk.path("out/file")).mode & 0o777).toBe(0o640);
    flip(desk, largest(desk, "packs"), 100_000);
    expectRefusal(await desk.bcat(["dump", "latest", "large", "-t", "out/file"]), {
      code: 1,
      says: /large.*incomplete/,
    });
    expect(desk.read("out/file")).toBe("alpha\n");
    expect(fs.readdirSync(desk.path("out"))).toEqual(["file"]);
  });

  test("writes through links to the target, and to what is no ordinary file", async () => {
    using desk = await models.open();
    desk.write({ "out/file": "" });
    fs.symlinkSync("out/file", desk.path("link"));
    await desk.good(["dump", "latest", "a.txt", "-t", "link"]);
    expect(desk.read("out/file")).toBe("alpha\n");
    expect(fs.lstatSync(desk.path("link")).isSymbolicLink()).toBe(true);
    await desk.good(["dump", "latest", "a.txt", "-t", "/dev/null"]);
    expect(fs.statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("makes no file in the repository or the cache, through links neither", async () => {
    using desk = await models.open();
    fs.mkdirSync(desk.path("cache"));
    fs.symlinkSync(desk.repository, desk.path("leads there"));
    fs.symlinkSync(desk.path("repository/config"), desk.path("config"));
    const before = desk.list();
    for (const target of [
      "repository/config",
      "repository/packs/new",
      "repository/new",
      "leads there/config",
      "config",
    ]) {
      const run = await desk.bcat(["dump", "latest", "a.txt", "--target", target]);
      expectRefusal(run, { code: 1, says: /cannot dump into ".*": it belongs to the repository/ });
    }
    const cached = await desk.bcat(["dump", "latest", "a.txt", "-t", "cache/x", "--cache-dir", desk.path("cache")]);
    expectRefusal(cached, { code: 1, says: /cannot dump into ".*cache": it belongs to the repository/ });
    expect(desk.list()).toEqual(before);
    await desk.good(["dump", "latest", "a.txt", "--target", "beside"]);
    expect(desk.read("beside")).toBe("alpha\n");
  });

  test.each(["/dev/stdout", "/dev/fd/1"])("as %s is what the shell has opened", async (name) => {
    using desk = await models.open();
    await desk.run(["sh", "-c", `{ echo before; "${program}" dump latest a.txt -t ${name}; echo after; } > out`]);
    expect(desk.read("out")).toBe("before\nalpha\nafter\n");
  });

  test("says with --json on stdout what it wrote into a target", async () => {
    using desk = await models.open();
    expect(await desk.json(["dump", "latest:/", desk.root, "-t", "out.tar"])).toMatchObject({
      message_type: "summary",
      snapshot_number: 1,
      form: "tar",
      files_dumped: 2,
      directories_dumped: 2,
      bytes_dumped: 300_006,
      error_count: 0,
    });
  });

  test("is refused for what is not there, and where nothing can be written", async () => {
    using desk = await models.open();
    desk.write({ "folder/x": "" });
    const refuse = async (words: string[], code: number, says: RegExp) =>
      expectRefusal(await desk.bcat(["dump", ...words]), { code, says });
    await refuse(["latest", "nowhere"], 1, /cannot find "nowhere" in snapshot 1/);
    await refuse(["latest:nowhere", "/"], 1, /cannot find "nowhere" in snapshot 1/);
    await refuse(["7", "all"], 1, /cannot find snapshot 7/);
    await refuse(["latest", "all", "-a", "cpio"], 2, /"cpio" is not one of tar, zip/);
    await refuse(["latest", "all", "-t", "folder"], 1, /cannot write to "folder"/);
    await refuse(["latest", "all", "-t", "missing/out"], 1, /cannot write to "missing\/out": no such file/);
    await refuse(
      ["latest", "all", "-t", "missing/"],
      1,
      /"missing\/": a file is to be made, whose name ends in no slash/,
    );
    await refuse(["latest", "all", "-t", "/dev/full"], 1, /cannot write to "\/dev\/full": no space left/);
  });
});

test("bcat dump puts no archive onto a terminal", async () => {
  using desk = await models.open();
  let text = "";
  try {
    text = execFileSync("script", ["-qec", `"${program}" dump latest all`, "/dev/null"], {
      env: { ...process.env, ...desk.environment } as NodeJS.ProcessEnv,
    }).toString();
  } catch (error) {
    text = String((error as { stdout?: Buffer }).stdout);
  }
  expect(text).toMatch(/cannot write a tar archive to a terminal/);
});
