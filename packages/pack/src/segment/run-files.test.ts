import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OPEN_RUN_FILES_MAX, type RunFile, RunFiles } from "./run-files.js";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "bcat-runs-"));
  fs.writeFileSync(join(folder, "manifest"), "");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function createFile(name: string, text: string): RunFile {
  const path = join(folder, name);
  fs.writeFileSync(path, text);
  return { path, size: text.length, damage: `Cannot use "${name}"`, manifest: join(folder, "manifest") };
}

function openPaths(): string[] {
  const links = fs.readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [fs.readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
  return links.filter((path) => path.startsWith(folder)).sort();
}

test.skipIf(!fs.existsSync("/proc/self/fd"))("of many run files at most four are open, those read last", () => {
  const files = Array.from({ length: 20 }, (_, i) => createFile(`run${i}`, `these are the bytes of ${i}`));
  const runs = new RunFiles();
  const sources = files.map((file) => runs.source(file));
  expect(openPaths()).toEqual([]);
  const read = (i: number) => {
    expect(Buffer.from(sources[i]!.read(23, 9)).toString()).toBe(String(i));
    expect(openPaths().length).toBeLessThanOrEqual(OPEN_RUN_FILES_MAX);
  };
  for (let round = 0; round < 2; round++) for (let i = 0; i < 20; i++) read(i);
  for (const i of [3, 16, 5, 6]) read(i);
  expect(openPaths()).toEqual([3, 16, 5, 6].map((i) => files[i]!.path).sort());
  for (const source of sources) source.close();
  expect(openPaths()).toEqual([]);
});

test("bytes go into the memory that is given, and are fewer only at the end", () => {
  const source = new RunFiles().source(createFile("run", "0123456789"));
  const target = new Uint8Array(8);
  const bytes = source.read(4, 3, target);
  expect(Buffer.from(bytes).toString()).toBe("456");
  expect(bytes.buffer).toBe(target.buffer);
  expect(source.read(8, 5)).toHaveLength(2);
  source.close();
});

test("a file that is gone is not to be looked at again", () => {
  const file = createFile("run", "bytes");
  const source = new RunFiles().source(file);
  fs.rmSync(file.path);
  expect(() => source.read(0, 1)).toThrow(expect.objectContaining({ code: "refused", message: file.damage }));
  expect(fs.existsSync(file.manifest)).toBe(false);
});

/** Uses up all descriptors, reads a run, closes some, reads again. Prints what came of it. */
const EXHAUSTER = `
  import * as fs from "node:fs";
  const [module, file] = JSON.parse(process.argv[1]);
  const { RunFiles } = await import(module);
  const source = new RunFiles().source(file);
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync("/dev/null", "r"));
  } catch {}
  let failure;
  try {
    source.read(0, 5);
  } catch (error) {
    failure = { code: error.code, message: error.message };
  }
  for (const descriptor of taken) fs.closeSync(descriptor);
  console.log(JSON.stringify({ failure, text: Buffer.from(source.read(0, 5)).toString() }));
`;

test("having no descriptor left is an error of its own, and not the end of the run", () => {
  const file = createFile("run", "bytes");
  const argument = JSON.stringify([new URL("../../dist/segment/run-files.js", import.meta.url).href, file]);
  const shell = ["-c", 'ulimit -n 64; exec "$0" "$@"', process.execPath, "--input-type=module", "-e", EXHAUSTER];
  const { stdout, stderr } = spawnSync("sh", [...shell, argument], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { failure, text } = JSON.parse(stdout);
  expect(failure).toEqual({
    code: "storage-failed",
    message: `Cannot read "${file.path}": too many files are open (EMFILE); see ulimit -n`,
  });
  expect(text).toBe("bytes");
  expect(fs.existsSync(file.manifest)).toBe(true);
});
