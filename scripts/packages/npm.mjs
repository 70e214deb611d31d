/** The package for npm: the program in a few files, with nothing that has to be fetched but the optional native parts. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

/** Fields of packages/cli/package.json that mean something where it is installed; the others are for the build. */
const fields = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "type",
  "engines",
  "exports",
  "bin",
  "files",
  "optionalDependencies",
];

/** Lays the program and the library out in `folder`, which is made. */
export function layOut({ root, folder }) {
  const cli = join(root, "packages/cli");
  const all = JSON.parse(readFileSync(join(cli, "package.json"), "utf8"));
  mkdirSync(folder, { recursive: true });
  const own = Object.fromEntries(fields.filter((field) => field in all).map((field) => [field, all[field]]));
  describe(folder, own);
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  cpSync(join(cli, "NPM.md"), join(folder, "README.md"));
  for (const [from, to] of packedFiles(cli)) cpSync(join(cli, from), join(folder, to));
}

/** The same with the manual, which npm puts where `man` finds it. @param time that the pages bear, seconds since 1970 */
export function layOutForNpm({ root, folder, time }) {
  layOut({ root, folder });
  const pages = join(folder, "man");
  const env = { SOURCE_DATE_EPOCH: String(time) };
  run(process.execPath, [join(root, "packages/cli/build/man.mjs"), pages], { env });
  const own = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const names = readdirSync(pages).sort();
  describe(folder, { ...own, files: [...own.files, "man"], man: names.map((name) => `man/${name}`) });
}

function describe(folder, fields) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(fields, undefined, 2)}\n`);
}

/** What `npm pack` takes of the build. */
function packedFiles(cli) {
  const listed = run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: cli });
  const [{ files }] = JSON.parse(listed);
  return files.filter(({ path }) => /^(bin|dist)\//.test(path)).map(({ path }) => [path, path]);
}

/** Writes the tarball into `output`, and returns its path as the only one. npm gives all files the same time and sorts them. */
export function makeNpmPackage({ root, output, work, time }) {
  const folder = join(work, "npm");
  layOutForNpm({ root, folder, time });
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", output], { cwd: folder });
  return [join(output, JSON.parse(packed)[0].filename)];
}
