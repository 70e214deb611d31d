/**
 * One-line sabotages in copies of the project, one at a time in each: each must turn the test named with it red.
 * usage: node test/sabotage/run.mjs [number] (after npm ci; about 3 minutes for all)
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SABOTAGES } from "./sabotages.mjs";

/** Copies, of 300 MB each, that are broken side by side. */
const COPIES = 2;

const project = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "bcat-sabotage-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Whether a program of node_modules ends well in a copy. */
function succeeds(copy, program, words, variables = {}) {
  const env = { ...process.env, CI: "true", ...variables };
  const child = spawn(join("node_modules/.bin", program), words, { cwd: copy, stdio: "ignore", env });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code === 0));
  });
}

/** Whether the test, or those in it that have `name`, are green; with `everyCall` the whole of it, and no slice. */
function isGreen(copy, { test, name, everyCall }) {
  const words = ["run", "--bail=1", test, ...(name === undefined ? [] : ["-t", name])];
  return succeeds(copy, "vitest", words, everyCall === true ? { EVERY_CALL: "all" } : {});
}

/** By test: whether it is green as long as nothing is broken. */
const sound = new Map();

/** Does something with a package built from other text in one of its files, and then has it as it was. */
async function withChanged(copy, file, text, act) {
  const path = join(copy, file);
  const before = readFileSync(path, "utf8");
  const home = join(copy, ...file.split("/").slice(0, 2));
  const [dist, kept] = [join(home, "dist"), join(home, "kept")];
  cpSync(dist, kept, { recursive: true });
  writeFileSync(path, text);
  try {
    return (await succeeds(copy, "tsc", ["-p", join(home, "tsconfig.json")])) ? await act() : "does not build";
  } finally {
    writeFileSync(path, before);
    rmSync(dist, { recursive: true });
    renameSync(kept, dist);
  }
}

/** What becomes of a sabotage; `red` is as it should be. */
async function verdictOn(copy, { file, from, to, ...how }) {
  const parts = readFileSync(join(copy, file), "utf8").split(from);
  if (parts.length !== 2) return `stands ${parts.length - 1} times`;
  const key = `${how.test} ${how.name ?? ""}`;
  if (!sound.has(key)) sound.set(key, isGreen(copy, how));
  if (!(await sound.get(key))) return "red without it";
  return await withChanged(copy, file, parts.join(to), async () => ((await isGreen(copy, how)) ? "green" : "red"));
}

const only = Number(process.argv[2] ?? 0);
const pending = [...SABOTAGES.entries()].filter(([i]) => only === 0 || only === i + 1);
let failed = 0;

async function breakInTurn(copy) {
  cpSync(project, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith("/.git") });
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [i, { what, ...sabotage }] = next;
    const verdict = await verdictOn(copy, sabotage);
    if (verdict !== "red") failed++;
    console.log(`${i + 1}. ${what}: ${sabotage.test} ${verdict}`);
  }
}

const copies = Math.min(COPIES, pending.length);
await Promise.all(Array.from({ length: copies }, (_, i) => breakInTurn(join(folder, String(i)))));
console.log(failed === 0 ? "every sabotage was noticed" : `${failed} sabotages were not noticed`);
process.exitCode = failed === 0 ? 0 : 1;
