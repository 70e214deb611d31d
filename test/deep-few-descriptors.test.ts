/** A process that may have 64 descriptors open, of which Node takes some twenty. */
import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCommands } from "./kit/command.js";
import { isLongRun } from "./kit/long-run.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const DEPTH = isLongRun ? 1_000 : 400;
const WIDTH = isLongRun ? 400 : 60;
const through = ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash"];

let scratch: Scratch;
beforeAll(() => {
  scratch = makeScratch(2 ** 26)!;
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** Folders one in another, of short names, a file in every tenth. */
function makeNested(path: string): number {
  let folder = path;
  fs.mkdirSync(folder);
  let files = 0;
  for (let depth = 1; depth < DEPTH; depth++) {
    folder = join(folder, "d");
    fs.mkdirSync(folder);
    if (depth % 10 === 0) fs.writeFileSync(join(folder, "file"), String(files++));
    if (depth % 10 === 5) fs.symlinkSync("d", join(folder, "link"));
  }
  return files;
}

/** Folders side by side, with folders and files in each. */
function makeWide(path: string): number {
  let files = 0;
  for (let i = 0; i < WIDTH; i++) {
    for (const inner of ["a/b/c", "e/f"]) {
      const folder = join(path, String(i), inner);
      fs.mkdirSync(folder, { recursive: true });
      for (const name of ["one", "two"]) fs.writeFileSync(join(folder, name), `${name} ${files++}`);
    }
  }
  return files;
}

test(`${DEPTH} nested folders and a wide tree are stored, and stored again after a change`, async () => {
  const { run } = makeCommands(join(scratch.path, "runs"));
  const source = join(scratch.path, "source");
  fs.mkdirSync(source);
  const files = makeNested(join(source, "nested")) + makeWide(join(source, "wide"));
  const first = await run(["backup", "--init", "--json", source], { through });
  expect(first.errors).toBe("");
  expect(first).toMatchObject({ exitCode: 0, summary: { dirs_new: DEPTH + 1 + 1 + WIDTH * 6, files_new: files } });
  fs.writeFileSync(join(source, "nested", "d/".repeat(DEPTH - 1), "new"), "at the end");
  const second = await run(["backup", "--json", source], { through });
  expect(second).toMatchObject({ exitCode: 0, errors: "", summary: { files_new: 1, files_unmodified: files } });
  const target = join(scratch.path, "target");
  const restored = await run(["restore", "latest", "all", target]);
  expect(restored).toMatchObject({ exitCode: 0 });
  expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
});

test("100 named files are stored, each by its own folder", async () => {
  const { run } = makeCommands(join(scratch.path, "many"));
  const folder = join(scratch.path, "named");
  fs.mkdirSync(folder);
  const paths = Array.from({ length: 100 }, (_, i) => join(folder, String(i)));
  for (const path of paths) fs.writeFileSync(path, path);
  const result = await run(["backup", "--init", "--json", ...paths], { through });
  expect(result).toMatchObject({ exitCode: 0, errors: "", summary: { files_new: 100 } });
});
