/**
 * Installs each package in an empty root, uses it there, installs it once more as the upgrade, removes it, and looks at
 * what has stayed. usage: node test/packages/run.mjs [--root FOLDER] [--packages FOLDER]
 *   --root      a Debian system that may be written to, such as debootstrap makes; without it, one that is made of the
 *               shell, the C library and dpkg of this machine
 *   --packages  those in it are tried, such as release/; without it, they are made
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { debCases } from "./deb.mjs";
import { makeEmptyRoot, whyNoRoot } from "./empty-root.mjs";
import { npmCases } from "./npm.mjs";
import { standaloneCases } from "./standalone.mjs";

const source = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({ options: { root: { type: "string" }, packages: { type: "string" } } });

const reason = whyNoRoot();
if (reason === undefined) main();
else console.log(`the packages were not tried in an empty root: ${reason}`);

function main() {
  const work = mkdtempSync(join(tmpdir(), "bcat-packages-"));
  try {
    const packages = findPackages(values.packages ?? makePackages(work));
    const root = values.root === undefined ? makeEmptyRoot(join(work, "root")) : resolve(values.root);
    for (const cases of [npmCases, standaloneCases, debCases]) cases({ root, packages, work });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Those of this machine's kind, and a Debian package of a version later. Sizes are printed. */
function makePackages(work) {
  const output = join(work, "packages");
  mkdirSync(output);
  const make = (...words) => {
    const all = [join(source, "scripts/package.mjs"), "--output", output, "--arch", process.arch, ...words];
    const { status, stderr, stdout } = spawnSync(process.execPath, all, { encoding: "utf8" });
    if (status !== 0) throw new Error(`scripts/package.mjs ${words.join(" ")} failed:\n${stderr}`);
    return stdout;
  };
  console.log(make("--level", "1").trim());
  make("--only", "deb", "--version", "99.0.0", "--level", "0");
  return output;
}

/** Those for this machine. @throws Error when one is missing */
function findPackages(folder) {
  const names = readdirSync(folder);
  const find = (pattern, instead) => {
    const name = names.find((one) => pattern.test(one)) ?? instead;
    if (name === undefined) throw new Error(`There is no ${pattern} in ${folder}`);
    return resolve(folder, name);
  };
  const architecture = { x64: "amd64" }[process.arch] ?? process.arch;
  const deb = find(new RegExp(`_(?!99)[^_]+_${architecture}\\.deb$`));
  return {
    npm: find(/\.tgz$/),
    standalone: find(new RegExp(`-linux-${process.arch}\\.tar\\.gz$`)),
    deb,
    later: find(new RegExp(`_99[^_]+_${architecture}\\.deb$`), deb),
  };
}
