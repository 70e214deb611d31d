/**
 * Makes a release: the version everywhere it is written, the date in the changelog, a commit and a tag, all packages, their
 * checksums and a signature, and the notes. `--help` says how. Nothing is pushed or published.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { run } from "./packages/run.mjs";
import { notesOf } from "./release/changelog.mjs";
import { signSums, writeSums } from "./release/sums.mjs";
import { plannedEdits } from "./release/version.mjs";

const help = `usage: node scripts/release.mjs VERSION [--dry-run] [--key FILE]
  VERSION    such as 0.2.0, or the one that the sources have and no tag
  --dry-run  say what would be done, and write nothing
  --key      private key of ssh to sign with, by which the release is known; without it nothing is signed
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "dry-run": { type: "boolean", default: false },
    key: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [version] = positionals;
if (values.help || positionals.length !== 1) process.stdout.write(help);
else release();

function release() {
  const date = new Date().toISOString().slice(0, 10);
  const edits = plannedEdits({ root, version, date });
  const notes = notesOf(edits.get("CHANGELOG.md"), version);
  const obstacles = obstaclesTo(version);
  for (const path of edits.keys()) say(`would change ${path}`, `changes ${path}`);
  say(`would commit, and tag v${version}`, `commits, and tags v${version}`);
  say("would make all packages in release/, SHA256SUMS and NOTES.md", "makes packages, SHA256SUMS and NOTES.md");
  say(
    values.key ? `would sign with ${values.key}` : "would not sign: no --key",
    values.key ? "signs" : "does not sign",
  );
  process.stdout.write(`\n${notes}\n`);
  if (obstacles.length > 0) throw new Error(`Cannot release ${version}: ${obstacles.join("; ")}`);
  if (values["dry-run"]) return;
  for (const [path, text] of edits) writeFileSync(join(root, path), text);
  if (git("status", "--porcelain") !== "") git("commit", "--all", "--message", `release: ${version}`);
  git("tag", "--annotate", "--message", `bcat ${version}`, `v${version}`);
  makeFiles(notes);
  process.stdout.write("now: git push --follow-tags, upload release/, npm publish release/*.tgz\n");
}

function makeFiles(notes) {
  const output = join(root, "release");
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output);
  run("npm", ["ci"], { cwd: root });
  run("npm", ["run", "--silent", "package"], { cwd: root });
  writeSums(output, readdirSync(output));
  if (values.key !== undefined) signSums(output, values.key);
  writeFileSync(join(output, "NOTES.md"), notes);
}

/** What has to be put right first. */
function obstaclesTo(version) {
  const found = [];
  if (git("status", "--porcelain") !== "") found.push("there are changes that are not committed");
  if (git("tag", "--list", `v${version}`) !== "") found.push(`the tag v${version} is there`);
  return found;
}

function git(...words) {
  return run("git", words, { cwd: root }).trim();
}

function say(planned, doing) {
  process.stdout.write(`${values["dry-run"] ? planned : doing}\n`);
}
