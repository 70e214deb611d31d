/**
 * Makes the packages of what `npm run build` has built, each the same bytes whenever it is made from the same commit, with
 * the same packages installed: times are SOURCE_DATE_EPOCH, or that of the commit. `--help` says how.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeDebs } from "./packages/deb.mjs";
import { makeNpmPackage } from "./packages/npm.mjs";
import { run } from "./packages/run.mjs";
import { makeStandalone } from "./packages/standalone.mjs";

const kinds = { npm: makeNpmPackage, standalone: makeStandalone, deb: makeDebs };
const root = fileURLToPath(new URL("..", import.meta.url));

const help = `usage: node scripts/package.mjs [FLAGS]
  --output FOLDER    where the packages go (release/ in the checkout)
  --only KIND,…      of ${Object.keys(kinds).join(", ")} (all)
  --version VERSION  other than that of the sources, which they go on saying
  --level NUMBER     of gzip (6)
  --arch NAME,…      of x64, arm64: those with a Node inside (x64,arm64)
`;

const { values } = parseArgs({
  options: {
    output: { type: "string", default: join(root, "release") },
    only: { type: "string", default: Object.keys(kinds).join(",") },
    arch: { type: "string", default: "x64,arm64" },
    version: { type: "string" },
    level: { type: "string", default: "6" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(help);
else main({ output: resolve(values.output), chosen: values.only.split(","), level: Number(values.level) });

function main({ output, chosen, level }) {
  const architectures = values.arch.split(",");
  for (const kind of chosen) if (!(kind in kinds)) throw new Error(`There is no package ${JSON.stringify(kind)}`);
  mkdirSync(output, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "bcat-package-"));
  const time = Number(process.env.SOURCE_DATE_EPOCH ?? run("git", ["log", "-1", "--format=%ct"], { cwd: root }));
  const version = values.version ?? JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8")).version;
  try {
    for (const kind of chosen)
      for (const path of kinds[kind]({ root, output, work, time, version, architectures, level })) {
        const size = (statSync(path).size / 2 ** 20).toFixed(1);
        process.stdout.write(`${basename(path)}  ${size} MiB\n`);
      }
  } finally {
    rmSync(work, { recursive: true });
  }
}
