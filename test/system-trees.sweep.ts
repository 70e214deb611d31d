/** The trees of a system, at least 50,000 files of them, backed up twice by the real command and restored. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { describe, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { makeCommands } from "./kit/command.js";
import { writeRandomFile } from "./kit/random-bytes.js";
import { makeScratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const asRoot = process.geteuid?.() === 0;
const hasStrace = spawnSync("strace", ["-V"]).status === 0;
const FILES_MIN = 50_000;
/** Files that the third tree has at least, so that it is worth the name. */
const LIBRARY_FILES_MIN = 2_000;
const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;

describe("the trees of this system", () => {
  test.skipIf(!asRoot)("come back equal, and a second backup opens no file (skipped unless root)", async (context) => {
    const { roots, files, bytes } = chooseRoots();
    console.log(`${roots.join(", ")}: ${files} files, ${Math.round(bytes / MEBIBYTE)} MiB`);
    expect(files).toBeGreaterThanOrEqual(FILES_MIN);
    await using scratch = makeScratch(2 * bytes + GIBIBYTE);
    if (scratch === undefined) return context.skip(`needs ${2 * bytes + GIBIBYTE} bytes free`);
    const { repository, run } = makeCommands(join(scratch.path, "bcat"));
    expect((await run(["init"])).exitCode).toBe(0);

    const first = await run(["backup", "--json", ...roots]);
    expect(first).toMatchObject({ exitCode: 0, summary: { error_count: 0, snapshot_number: 1 } });
    expect(first.summary.total_files_processed).toBe(files);
    const before = listFiles(repository);

    const trace = join(scratch.path, "trace");
    const through = hasStrace ? ["strace", "-f", "-y", "-e", "trace=open,openat,openat2", "-o", trace] : [];
    const second = await run(["backup", "--json", ...roots], { through });
    expect(second).toMatchObject({
      exitCode: 0,
      summary: {
        files_new: 0,
        files_changed: 0,
        files_unmodified: files,
        data_blobs: 0,
        tree_blobs: 0,
        snapshot_number: 2,
      },
    });
    const added = listFiles(repository).filter((name) => !before.includes(name));
    expect(added).toEqual(["outcomes/0000000002", "sessions/0000000002"]);
    expect(before.filter((name) => !listFiles(repository).includes(name))).toEqual([]);
    if (hasStrace) await expectNoFileOpened({ trace, roots, folder: scratch.path });

    const target = join(scratch.path, "restored");
    const restored = await run(["restore", "--json", "latest", "all", target]);
    expect(restored).toMatchObject({ exitCode: 0, summary: { error_count: 0 } });
    for (const root of roots) {
      const comparison = await compareTrees(root, join(target, root));
      expect(describeDifferences(comparison)).toEqual([]);
    }
    for (const [what, result] of Object.entries({ first, second, restored })) {
      console.log(`${what}: ${result.seconds.toFixed(1)} s, peak ${Math.round(result.peakBytes / MEBIBYTE)} MiB`);
    }
    if (!hasStrace) context.skip("all checked but that no file is opened: install strace");
  });
});

describe("one byte in the middle of a file of 1 GiB", () => {
  test("adds at most 3 data chunks and less than 8 MiB", async (context) => {
    await using scratch = makeScratch(1.1 * GIBIBYTE, { onDisk: true });
    if (scratch === undefined) return context.skip("needs 1.1 GiB free");
    const source = join(scratch.path, "source");
    fs.mkdirSync(source);
    await writeRandomFile(join(source, "large"), "1 GiB", GIBIBYTE);
    const { run } = makeCommands(join(scratch.path, "bcat"));
    await run(["init"]);
    const first = await run(["backup", "--json", source]);
    const file = fs.openSync(join(source, "large"), "r+");
    fs.writeSync(file, "x", GIBIBYTE / 2 + 4_321);
    fs.closeSync(file);
    const { summary } = await run(["backup", "--json", source]);
    console.log(
      `1 GiB: ${first.summary.data_blobs} chunks; a byte adds ${summary.data_blobs}, ${summary.data_added_packed} B`,
    );
    expect(summary.data_blobs).toBeGreaterThan(0);
    expect(summary.data_blobs).toBeLessThanOrEqual(3);
    expect(summary.data_added_packed).toBeLessThan(8 * MEBIBYTE);
  });
});

describe("a folder of 50,000 files", () => {
  test("renamed and copied adds no data chunk and few tree chunks", async () => {
    await using scratch = makeScratch(GIBIBYTE);
    const source = join(scratch!.path, "source");
    for (let i = 0; i < 50_000; i++) {
      const folder = join(source, `tree/${i % 500}`);
      if (i < 500) fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(join(folder, String(i)), `${i} `.repeat(100));
    }
    await using client = await openClient(createMemoryStorage());
    client.time = Date.now() + 3_600_000;
    await client.backup([source]);
    fs.renameSync(join(source, "tree"), join(source, "renamed"));
    const renamed = await client.backup([source]);
    expect(spawnSync("cp", ["-a", join(source, "renamed"), join(source, "copied")]).status).toBe(0);
    const copied = await client.backup([source]);
    console.log(`renamed: ${renamed.treeChunks} tree chunks, ${renamed.dataAddedPacked} B`);
    console.log(`copied: ${copied.treeChunks} tree chunks, ${copied.dataAddedPacked} B`);
    expect([renamed.dataChunks, copied.dataChunks]).toEqual([0, 0]);
    expect(renamed.treeChunks).toBeLessThan(100);
    expect(copied.treeChunks).toBeLessThan(100);
  });
});

/** Share, include, and the smallest folder of lib that makes enough files; all of lib when none does. */
function chooseRoots(): { roots: string[]; files: number; bytes: number } {
  const given = ["/usr/share", "/usr/include"].filter((path) => fs.existsSync(path));
  const sizes = given.map(measure);
  const files = sizes.reduce((sum, size) => sum + size.files, 0);
  const missing = Math.max(FILES_MIN - files, LIBRARY_FILES_MIN);
  const libraries = fs
    .readdirSync("/usr/lib", { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ path: `/usr/lib/${entry.name}`, ...measure(`/usr/lib/${entry.name}`) }))
    .filter((library) => library.files >= missing)
    .sort((a, b) => a.files - b.files);
  const library = libraries[0] ?? { path: "/usr/lib", ...measure("/usr/lib") };
  const all = [...sizes, library];
  return {
    roots: [...given, library.path],
    files: all.reduce((sum, size) => sum + size.files, 0),
    bytes: all.reduce((sum, size) => sum + size.bytes, 0),
  };
}

function measure(path: string): { files: number; bytes: number } {
  const { stdout } = spawnSync("find", [path, "-type", "f", "-printf", "%s\\n"], { maxBuffer: GIBIBYTE });
  const sizes = stdout.toString("latin1").split("\n").slice(0, -1);
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + Number(size), 0) };
}

function listFiles(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/**
 * No open below the roots lacks O_DIRECTORY. What the process itself is made of, such as shared libraries, may lie below
 * a root too: what a backup of an empty folder opens is not held against it.
 */
async function expectNoFileOpened(parts: { trace: string; roots: readonly string[]; folder: string }): Promise<void> {
  const { trace, roots, folder } = parts;
  // Something small, twice, for what the program loads when it reads trees and stores.
  const little = join(folder, "little");
  fs.mkdirSync(little);
  fs.writeFileSync(join(little, "file"), "a little ".repeat(1_000));
  const other = makeCommands(join(folder, "other"));
  const itself = join(folder, "trace of itself");
  await other.run(["init"]);
  const through = ["strace", "-f", "-y", "-e", "trace=open,openat,openat2", "-o", itself];
  expect((await other.run(["backup", "--json", little])).exitCode).toBe(0);
  expect((await other.run(["backup", "--json", little], { through })).exitCode).toBe(0);
  const harmless = new Set(opens(itself).map(({ path }) => path));
  const places = roots.map((root) => fs.realpathSync(root));
  const below = opens(trace).filter(({ path }) => places.some((root) => path === root || path.startsWith(`${root}/`)));
  const files = below.filter(({ path, flags }) => !flags.includes("O_DIRECTORY") && !harmless.has(path));
  console.log(`strace: ${below.length} opens below the roots, ${files.length} of files`);
  expect(below.length).toBeGreaterThan(1_000);
  expect(files.slice(0, 10)).toEqual([]);
}

/** What was opened, by the path that the kernel gives the new descriptor: `-y` shows it, however it was named. */
function opens(trace: string): { path: string; flags: string }[] {
  const found: { path: string; flags: string }[] = [];
  const unfinished = new Map<string, string>();
  for (const line of fs.readFileSync(trace, "latin1").split("\n")) {
    const [, thread = "", text = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith("<unfinished ...>")) {
      unfinished.set(thread, text);
      continue;
    }
    const call = text.startsWith("<... ") ? (unfinished.get(thread) ?? "") + text : text;
    const [, path] = /\) = \d+<(.*)>$/.exec(call) ?? [];
    if (!/^open(at|at2)?\(/.test(call) || path === undefined) continue;
    const [flags = ""] = /O_(RDONLY|WRONLY|RDWR)[A-Z_|]*/.exec(call.slice(call.lastIndexOf('",'))) ?? [];
    if (flags === "") throw new Error(`strace said what is not understood: ${call}`);
    found.push({ path, flags });
  }
  return found;
}
