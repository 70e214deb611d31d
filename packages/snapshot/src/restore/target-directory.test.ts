import type { Directory, Posix } from "@bcat/posix";
import { expect, test } from "vitest";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";

const DEPTH = 20_000;

/** Directories that are only counted. */
function createPosix() {
  const open = new Set<Directory>();
  let count = 0;
  let most = 0;
  const posix: Pick<Posix, "openDirectoryAt" | "closeDirectory"> = {
    openDirectoryAt(parent) {
      if (parent.fd !== 0 && !open.has(parent)) throw new Error("the parent was closed");
      const directory = { fd: ++count, path: new Uint8Array(0) };
      open.add(directory);
      most = Math.max(most, open.size);
      return directory;
    },
    closeDirectory(directory) {
      if (!open.delete(directory)) throw new Error("it was closed twice");
    },
  };
  return { posix: posix as Posix, open, most: () => most };
}

test("handle() opens a directory below 20,000 closed ones, and keeps few open", () => {
  const { posix, open, most } = createPosix();
  const directories = new TargetDirectories(posix);
  let innermost = directories.top({ fd: 0, path: new Uint8Array(0) });
  for (let depth = 0; depth < DEPTH; depth++) innermost = new TargetDirectory(innermost, Uint8Array.of(0x64));
  const handle = directories.handle(innermost);
  expect(handle.fd).toBe(DEPTH);
  expect(directories.handle(innermost)).toBe(handle);
  expect(open.has(handle)).toBe(true);
  expect(most()).toBeLessThan(300);
  directories.closeAll();
  expect(open.size).toBe(0);
});
