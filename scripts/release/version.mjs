/** Where the version is written: descriptions of packages, the lock file, names of files in the documents, the changelog. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withDate } from "./changelog.mjs";

/** Documents that name files of a release. */
const documents = ["README.md", "docs/guide.md", "docs/library.md"];

/**
 * Texts of the files that change, by their paths below `root`; nothing is written.
 *
 * @throws Error for a version that is none, or older than that of the sources
 */
export function plannedEdits({ root, version, date }) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const old = JSON.parse(read("packages/cli/package.json")).version;
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`"${version}" is no version: give one such as 0.2.0`);
  if (compare(version, old) < 0) throw new Error(`${version} is older than ${old}, which the sources have`);
  const edits = new Map([["CHANGELOG.md", withDate(read("CHANGELOG.md"), { version, date })]]);
  const edit = (path, change) => {
    const text = read(path);
    const changed = change(text);
    if (changed !== text) edits.set(path, changed);
  };
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`);
  for (const path of ["package.json", ...packages]) edit(path, (text) => inDescription(text, version));
  edit("package-lock.json", (text) => inLock(text, version));
  for (const path of documents) edit(path, (text) => inNames(text, old, version));
  return edits;
}

function inDescription(text, version) {
  return stringify(withVersion(JSON.parse(text), version));
}

function inLock(text, version) {
  const lock = JSON.parse(text);
  lock.version = version;
  for (const [path, description] of Object.entries(lock.packages))
    if (path === "" || path.startsWith("packages/")) lock.packages[path] = withVersion(description, version);
  return stringify(lock);
}

/** Of one of our packages, and of those of ours that it depends on. */
function withVersion(description, version) {
  const changed = { ...description, version };
  for (const field of ["dependencies", "devDependencies", "optionalDependencies"]) {
    if (changed[field] === undefined) continue;
    const entries = Object.entries(changed[field]);
    changed[field] = Object.fromEntries(entries.map(([name, of]) => [name, name.startsWith("@bcat/") ? version : of]));
  }
  return changed;
}

function stringify(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** `bcat-backup-0.1.0.tgz`, `bcat-backup_0.1.0_amd64.deb`, `bcat-0.1.0-linux-x64.tar.gz` */
function inNames(text, old, version) {
  const dots = old.replaceAll(".", "\\.");
  return text.replace(new RegExp(`(bcat(?:-backup)?[-_])${dots}(?=[-_]|\\.tgz)`, "g"), `$1${version}`);
}

function compare(one, other) {
  const [a, b] = [one, other].map((text) => text.split(".").map(Number));
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
