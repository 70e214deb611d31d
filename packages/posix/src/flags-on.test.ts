import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { flagsOn } from "./flags-on.js";

const LETTERS: readonly (readonly [string, number])[] = [
  ["S", 0x8],
  ["d", 0x40],
  ["A", 0x80],
];

function takes(path: string, letter: string): boolean {
  try {
    execFileSync("chattr", [`+${letter}`, path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.each([tmpdir(), "/dev/shm"])("flagsOn() has what the file system takes, of %s", (base) => {
  let folder: string;
  try {
    folder = mkdtempSync(join(base, "bcat-flags-"));
  } catch {
    process.stdout.write(`flagsOn() of ${base}: skipped, nothing can be made there\n`);
    return;
  }
  const path = join(folder, "file");
  const fd = openSync(path, "w");
  try {
    const taken = LETTERS.filter(([letter]) => takes(path, letter)).map(([letter]) => letter);
    const told = LETTERS.filter(([, flag]) => (flagsOn(fd) & flag) !== 0).map(([letter]) => letter);
    // Without flags, or chattr, there is nothing to compare.
    if (taken.length > 0) expect(told).toEqual(taken);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
