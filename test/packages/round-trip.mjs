/** What is done with a bcat that has been installed in a root, whichever way. */
import assert from "node:assert/strict";
import { inRoot } from "./empty-root.mjs";

const environment = { BCAT_PASSWORD: "try-it", BCAT_REPOSITORY: "/srv/repository" };

/** Backs up, lists, restores, checks. */
export function roundTrip(root) {
  const script = `
    mkdir -p /home/me/folder && echo one > /home/me/folder/one && ln -s one /home/me/folder/link
    bcat backup --init /home/me
    bcat ls latest --recursive | grep folder/one
    bcat restore latest all /tmp/restored && diff -r /home/me /tmp/restored && rm -r /tmp/restored
    bcat check --read-data`;
  assert.match(inRoot(root, script, environment), /no damage found/);
}

/** A repository of before still opens, and another backup goes into it. */
export function goOn(root) {
  const script = "echo two > /home/me/folder/two; bcat backup /home/me; bcat snapshots; bcat check --read-data";
  assert.match(inRoot(root, script, environment), /files: 1 new, 0 changed, 1 unmodified[\s\S]*no damage found/);
}

export const version = (root) => inRoot(root, "bcat version");

/** Paths of files and links below the root, but for what is of no package, or dpkg's own. */
export function filesIn(root) {
  const script =
    "find / -xdev \\\\( -path /proc -o -path /dev -o -path /tmp -o -path /var/lib/dpkg -o -path /var/log \\\\) -prune -o ! -type d -print | sort";
  return inRoot(root, script.replaceAll("\\\\", "\\")).trim().split("\n");
}

/** Checks which files are there that were not there before, by patterns of their paths; then removes them. */
export function checkLeft(root, before, expected) {
  const known = new Set(before);
  const left = filesIn(root).filter((path) => !known.has(path));
  const unexpected = left.filter((path) => !expected.some((pattern) => pattern.test(path)));
  assert.deepEqual(unexpected, []);
  for (const pattern of expected)
    assert.ok(
      left.some((path) => pattern.test(path)),
      `${pattern} has not stayed`,
    );
  inRoot(root, "rm -rf /srv /home/me /root/.cache /etc/bcat");
}
