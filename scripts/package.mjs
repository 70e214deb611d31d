/**
 * Makes the packages of what `npm run build` has built, each the same bytes whenever it is made from the same commit, with
 * the same packages installed: times are SOURCE_DATE_EPOCH, or that of the commit. `--help` says how.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeNpmPackage } from "./packages/npm.mjs";
import { run } from "./packages/run.mjs";

const help = `usage: node scripts/package.mjs [--output FOLDER] [--only KIND,…]
  --output  where the packages go (release/ in the checkout)
  --only    of npm
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const kinds = { npm: makeNpmPackage };

const { values } = parseArgs({
  options: {
    output: { type: "string", default: join(root, "release") },
    only: { type: "string", default: Object.keys(kinds).join(",") },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(help);
else main();

function main() {
  const output = resolve(values.output);
  const chosen = values.only.split(",");
  for (const kind of chosen) if (!(kind in kinds)) throw new Error(`There is no package ${JSON.stringify(kind)}`);
  mkdirSync(output, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "bcat-package-"));
  const time = Number(process.env.SOURCE_DATE_EPOCH ?? run("git", ["log", "-1", "--format=%ct"], { cwd: root }));
  try {
    for (const kind of chosen) {
      const path = kinds[kind]({ root, output, work, time });
      const size = (statSync(path).size / 2 ** 20).toFixed(1);
      process.stdout.write(`${basename(path)}  ${size} MiB\n`);
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}
