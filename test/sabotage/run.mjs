/**
 * One-line sabotages, one at a time, in a copy of the project: each must turn the test named with it red.
 * usage: node test/sabotage/run.mjs [number] (after npm ci; about 3 minutes for all)
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SABOTAGES } from "./sabotages.mjs";

const project = join(dirname(fileURLToPath(import.meta.url)), "../..");
const copy = mkdtempSync(join(tmpdir(), "bcat-sabotage-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
cpSync(project, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith("/.git") });

function run(words, variables = {}) {
  return spawnSync("npx", words, { cwd: copy, encoding: "utf8", env: { ...process.env, CI: "true", ...variables } });
}

/** Whether the package of `file` builds. */
function builds(file) {
  return run(["tsc", "-p", `${file.split("/").slice(0, 2).join("/")}/tsconfig.json`]).status === 0;
}

/** Whether the test, or those in it that have `name`, are green; with `everyCall` the whole of it, and no slice. */
function isGreen({ test, name, everyCall }) {
  const words = ["vitest", "run", test, ...(name === undefined ? [] : ["-t", name])];
  return run(words, everyCall === true ? { EVERY_CALL: "all" } : {}).status === 0;
}

/** Tests that are green as long as nothing is broken. */
const sound = new Set();

const only = Number(process.argv[2] ?? 0);
let failed = 0;
for (const [i, { what, file, from, to, ...how }] of SABOTAGES.entries()) {
  const { test, name } = how;
  if (only !== 0 && only !== i + 1) continue;
  const key = `${test} ${name ?? ""}`;
  if (!sound.has(key) && isGreen(how)) sound.add(key);
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  const parts = source.split(from);
  let verdict = parts.length === 2 ? "" : `stands ${parts.length - 1} times`;
  if (verdict === "") {
    writeFileSync(path, parts.join(to));
    verdict = !builds(file) ? "does not build" : isGreen(how) ? "green" : "red";
    writeFileSync(path, source);
    if (!builds(file)) throw new Error(`Cannot build ${file} again`);
    if (!sound.has(key)) verdict = `${verdict}, and red without it`;
  }
  if (verdict !== "red") failed++;
  console.log(`${i + 1}. ${what}: ${test} ${verdict}`);
}
console.log(failed === 0 ? "every sabotage was noticed" : `${failed} sabotages were not noticed`);
process.exitCode = failed === 0 ? 0 : 1;
