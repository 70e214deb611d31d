/** The program as it is installed: a few files, what V8 compiled of them, and no packages beside it. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isLongRun } from "./kit/long-run.js";

const root = resolve(import.meta.dirname, "..");
const program = "dist/bcat.cjs";
const suffix = `${process.version}-${process.arch}`;
const parts = fs.readdirSync(join(root, "packages/cli/dist")).filter((name) => /^bcat(-[a-z]+)?\.cjs/.test(name));

let folder: string;
let compiled: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "bcat-start-"));
  const whole = parts.filter((name) => name.endsWith(".cjs") || name.endsWith(suffix));
  for (const part of ["bin", "package.json", "dist/vendor", ...whole.map((name) => join("dist", name))])
    fs.cpSync(join(root, "packages/cli", part), join(folder, "bcat", part), { recursive: true });
  compiled = join(folder, "bcat", `${program}.${suffix}`);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function bcat(words: string[], env: Record<string, string> = {}) {
  const { PATH } = process.env;
  const all = { PATH, HOME: folder, BCAT_PASSWORD: "x", ...env };
  return spawnSync(process.execPath, [join(folder, "bcat/bin/bcat.js"), ...words], { env: all, encoding: "utf8" });
}

function removeCompiled() {
  for (const name of parts.filter((one) => one.endsWith(suffix))) fs.rmSync(join(folder, "bcat/dist", name));
}

describe("bcat starts", () => {
  const expectStarts = () => {
    const { status, stdout, stderr } = bcat(["version"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^bcat \d+\.\d+\.\d+ on Node\.js v/);
  };

  test("without compiled code", () => {
    removeCompiled();
    expectStarts();
  });

  test("with compiled code of which a byte is wrong, wherever it is", () => {
    const whole = fs.readFileSync(compiled);
    const places = isLongRun ? 12 : 3;
    for (let i = 0; i < places; i++) {
      const damaged = Buffer.from(whole);
      damaged[Math.floor((i * whole.length) / places)]! ^= 0x10;
      fs.writeFileSync(compiled, damaged);
      expectStarts();
    }
  });

  test.each(isLongRun ? [0, 1, 32, 40, 10_000] : [1, 40])(
    "with compiled code that is cut off after %i bytes",
    (length) => {
      fs.truncateSync(compiled, length);
      expectStarts();
    },
  );

  test("with compiled code of another program of the same length", () => {
    const path = join(folder, "bcat", program);
    const changed = fs
      .readFileSync(path, "latin1")
      .replace(/"bcat /g, '"BCAT ')
      .replace(/`bcat /g, "`BCAT ");
    fs.writeFileSync(path, changed, "latin1");
    expect(bcat(["version"]).stdout).toMatch(/^BCAT \d/);
  });
});

function partOf(name: string): string {
  return name.slice(0, name.indexOf("."));
}

describe("bcat loads", () => {
  const filesOf = (words: string[]) => {
    const list = join(folder, "loaded");
    const hook = join(root, "test/kit/loaded-files.cjs");
    const env = { NODE_OPTIONS: `--require=${hook}`, LOADED_FILES: list, BCAT_REPOSITORY: join(folder, "repository") };
    expect(bcat(words, env)).toMatchObject({ status: 0 });
    const { files, builtins } = JSON.parse(fs.readFileSync(list, "utf8")) as { files: string[]; builtins: string[] };
    const heavy = ["child_process", "http", "https", "tls", "worker_threads"];
    return { parts: files.sort(), builtins: heavy.filter((name) => builtins.includes(name)) };
  };

  test("what the command needs, and neither the storages of others nor all the rest", () => {
    const source = join(folder, "source");
    fs.mkdirSync(source);
    for (const name of ["one", "two"]) fs.writeFileSync(join(source, name), name);
    expect(filesOf(["version"])).toEqual({ parts: ["bcat", "bcat-native"], builtins: [] });
    filesOf(["backup", "--init", source]);
    const open = ["bcat", "bcat-native", "bcat-open"];
    expect(filesOf(["snapshots"])).toEqual({ parts: open, builtins: [] });
    expect(filesOf(["backup", source])).toEqual({
      parts: ["bcat", "bcat-backup", ...open.slice(1)],
      builtins: [],
    });
  });
});

describe("bcat that came without compiled code keeps in the cache what V8 compiles", () => {
  const cache = () => join(folder, ".cache/bcat");
  const kept = () => (fs.existsSync(join(cache(), "code")) ? fs.readdirSync(join(cache(), "code")) : []);
  const keptPath = () => join(cache(), "code", kept().find((name) => name.startsWith("bcat.cjs."))!);
  const expectRuns = (words = ["version"]) => expect(bcat(words)).toMatchObject({ status: 0, stderr: "" });
  beforeEach(removeCompiled);

  test("once for each command, in files that only the user may read, of the parts that it needs", () => {
    expectRuns();
    const first = fs.readFileSync(keptPath());
    expectRuns();
    expect(fs.readFileSync(keptPath()).equals(first)).toBe(true);
    expect(kept().map(partOf).sort()).toEqual(["bcat", "bcat-native"]);
    expectRuns(["backup", "--help"]);
    expect(kept().filter((name) => partOf(name) === "bcat")).toHaveLength(1);
    expect(fs.readFileSync(keptPath()).subarray(32, 512).toString().trim()).toBe("backup version");
    expect(fs.statSync(keptPath()).mode & 0o777).toBe(0o600);
  });

  test("anew where it is damaged, or of another program", () => {
    expectRuns();
    const whole = fs.readFileSync(keptPath());
    for (const at of isLongRun ? [0, 40, 600, whole.length - 1] : [40, 600]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      fs.writeFileSync(keptPath(), damaged);
      expectRuns();
      expect(fs.readFileSync(keptPath()).equals(damaged)).toBe(false);
    }
    fs.appendFileSync(join(folder, "bcat", program), "\n");
    expectRuns();
    expect(kept()).toHaveLength(2);
  });

  test("and neither reads nor writes it where others may write", () => {
    expectRuns();
    fs.chmodSync(keptPath(), 0o620);
    expectRuns();
    // Made anew: what others might have changed was not taken.
    expect(fs.statSync(keptPath()).mode & 0o777).toBe(0o600);
    const known = fs.readFileSync(keptPath());
    for (const path of [cache(), join(cache(), "code")]) {
      fs.chmodSync(path, 0o770);
      expectRuns(["ls", "--help"]);
      expect(fs.readFileSync(keptPath()).equals(known)).toBe(true);
      fs.chmodSync(path, 0o700);
    }
  });

  test("and follows no link there", () => {
    fs.mkdirSync(join(folder, "elsewhere"));
    fs.mkdirSync(cache(), { recursive: true, mode: 0o700 });
    fs.symlinkSync(join(folder, "elsewhere"), join(cache(), "code"));
    expectRuns();
    expect(fs.readdirSync(join(folder, "elsewhere"))).toEqual([]);
  });

  test.each([
    ["--no-cache", {}],
    ["version", { BCAT_NO_CACHE: "1" }],
    ["version", { HOME: "/nonexistent" }],
  ])("but nothing with %s %j", (word, env) => {
    expect(bcat(word === "version" ? [word] : ["version", word], env).status).toBe(0);
    expect(kept()).toEqual([]);
    expect(fs.existsSync("/nonexistent")).toBe(false);
  });

  test("in the cache folder that is named", () => {
    expect(bcat(["version"], { BCAT_CACHE_DIR: join(folder, "named") }).status).toBe(0);
    expect(fs.readdirSync(join(folder, "named/code"))).toHaveLength(2);
    expect(kept()).toEqual([]);
  });

  test("in at most 28 files", () => {
    expectRuns();
    const own = kept();
    for (let i = 0; i < 30; i++) fs.writeFileSync(join(cache(), "code", own[0]!.replace(/v\d+/, `v${i}`)), "old");
    expectRuns(["ls", "--help"]);
    expect(kept()).toHaveLength(28);
    expect(kept()).toEqual(expect.arrayContaining(own));
  });

  test("and no file of the user's is ever removed, where the cache has a folder of that name", () => {
    const mine = Array.from({ length: 12 }, (_, i) => `work-${i}.py`);
    fs.mkdirSync(join(folder, "named/code"), { recursive: true });
    for (const name of mine) fs.writeFileSync(join(folder, "named/code", name), name);
    expect(bcat(["version"], { BCAT_CACHE_DIR: join(folder, "named") }).status).toBe(0);
    expect(fs.readdirSync(join(folder, "named/code"))).toEqual(expect.arrayContaining(mine));
  });

  test.runIf(process.getuid?.() === 0)("and nothing where another user leads the way to it", () => {
    const home = join(folder, "home");
    const other = join(folder, "other");
    for (const path of [home, other]) fs.mkdirSync(path);
    fs.mkdirSync(join(home, ".cache"));
    fs.symlinkSync(other, join(home, ".cache/bcat"));
    for (const path of [home, join(home, ".cache")]) fs.chownSync(path, 65534, 65534);
    expect(bcat(["version"], { HOME: home }).status).toBe(0);
    expect(fs.readdirSync(other)).toEqual([]);
    fs.rmSync(join(home, ".cache/bcat"));
    expect(bcat(["version"], { HOME: home }).status).toBe(0);
    expect(fs.readdirSync(join(home, ".cache"))).toEqual([]);
  });
});

test("bcat works where no optional package is installed, and says so when one is required", () => {
  fs.writeFileSync(join(folder, "file"), "content");
  const { stdout } = bcat(["version"]);
  for (const part of [/^blake3 +blake3-wasm$/m, /^posix +node$/m]) expect(stdout).toMatch(part);
  expect(bcat(["version"], { BCAT_ACCELERATORS: "required" }).status).toBe(1);
  for (const words of [
    ["backup", "--init", join(folder, "file")],
    ["restore", "latest", "all", join(folder, "back")],
  ])
    expect(bcat(words)).toMatchObject({ status: 0 });
  expect(execFileSync("find", [join(folder, "back"), "-type", "f"], { encoding: "utf8" })).toMatch(/file\n$/);
});

test("the threads beside the program are of its build, which they say", () => {
  const dist = join(root, "packages/cli/dist");
  const readies = fs
    .readdirSync(dist)
    .filter((name) => name.endsWith(".cjs"))
    .flatMap((name) => fs.readFileSync(join(dist, name), "utf8").match(/"ready [0-9a-f]{16}"/g) ?? []);
  // In the program and the library, and in a thread that reads and one that restores.
  expect(readies.length).toBe(4);
  expect(new Set(readies).size).toBe(1);
});

test.each([
  [
    "was upgraded",
    (part: string) => {
      const text = fs.readFileSync(part, "utf8");
      fs.writeFileSync(part, text.replace(/build:"[0-9a-f]{16}"/, 'build:"0123456789abcdef"'));
    },
    /^bcat: cannot go on: bcat was upgraded while it ran; run it again\n$/,
  ],
  [
    "was removed",
    (part: string) => fs.rmSync(part),
    /^bcat: cannot go on: a part of bcat cannot be loaded: .*ENOENT.*bcat-rest\.cjs.* run it again\n$/,
  ],
  [
    "is damaged",
    (part: string) => fs.truncateSync(part, 1000),
    /^bcat: cannot go on: a part of bcat cannot be loaded: .* run it again\n$/,
  ],
])("a program that %s runs nothing of another one", (_, change, message) => {
  fs.writeFileSync(join(folder, "file"), "content");
  expect(bcat(["backup", "--init", join(folder, "file")])).toMatchObject({ status: 0 });
  change(join(folder, "bcat/dist/bcat-rest.cjs"));
  const { status, stderr } = bcat(["restore", "latest", "all", join(folder, "back")]);
  expect(stderr).toMatch(message);
  expect(status).toBe(1);
});

test("a run that was good stays good where the program is removed before it ends", () => {
  removeCompiled();
  fs.rmSync(join(folder, "bcat/bin/keep-compiled.js"));
  expect(bcat(["version"])).toMatchObject({ status: 0, stderr: "" });
});

test("an unexpected error is told with the lines of the sources when BCAT_DEBUG is set", () => {
  fs.cpSync(join(root, "packages/cli", `${program}.map`), join(folder, "bcat", `${program}.map`));
  const { stderr } = bcat(["--frob"], { BCAT_DEBUG: "1" });
  expect(stderr).toMatch(/at readWords \(.*words\.ts:\d+:\d+\)/);
});
