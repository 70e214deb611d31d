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

function run(...words) {
  return spawnSync("npx", words, { cwd: copy, encoding: "utf8", env: { ...process.env, CI: "true" } });
}

/** Whether the package of `file` builds, and the test is green. */
function judge(file, test) {
  const built = run("tsc", "-p", `${file.split("/").slice(0, 2).join("/")}/tsconfig.json`);
  if (built.status !== 0) return "does not build";
  return run("vitest", "run", test).status === 0 ? "green" : "red";
}

const only = Number(process.argv[2] ?? 0);
let failed = 0;
for (const [i, { what, file, from, to, test }] of SABOTAGES.entries()) {
  if (only !== 0 && only !== i + 1) continue;
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  const parts = source.split(from);
  let verdict = parts.length === 2 ? "" : `stands ${parts.length - 1} times`;
  if (verdict === "") {
    writeFileSync(path, parts.join(to));
    verdict = judge(file, test);
    writeFileSync(path, source);
    const restored = judge(file, test);
    if (restored !== "green") verdict = `${verdict}, and ${restored} without it`;
  }
  if (verdict !== "red") failed++;
  console.log(`${i + 1}. ${what}: ${test} ${verdict}`);
}
console.log(failed === 0 ? "every sabotage was noticed" : `${failed} sabotages were not noticed`);
process.exitCode = failed === 0 ? 0 : 1;
