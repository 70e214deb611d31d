import type { Directory, Posix, Stat } from "@bcat/posix";
import { expect, test } from "vitest";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";

const DEPTH = 20_000;
const NAME = Uint8Array.of(0x64);

interface Opened extends Directory {
  readonly inode: number;
  readonly above: Opened | undefined;
}

/** Directories that are only counted: each has one in it. */
function createPosix() {
  const open = new Set<Opened>();
  const counts = { opened: 0, most: 0 };
  const moved = { inode: 0 };
  const give = (inode: number, above: Opened | undefined) => {
    const directory = { fd: ++counts.opened, path: NAME, inode, above };
    open.add(directory);
    counts.most = Math.max(counts.most, open.size);
    return directory;
  };
  const requireOpen = (directory: Directory) => {
    if (directory.fd !== 0 && !open.has(directory as Opened)) throw new Error("the parent was closed");
    return directory as Opened;
  };
  const posix: Pick<Posix, "openDirectoryAt" | "openParent" | "statFile" | "closeDirectory"> = {
    openDirectoryAt(parent) {
      const above = requireOpen(parent);
      return give(above.inode + 1, above);
    },
    openParent(directory) {
      const { above, inode } = requireOpen(directory);
      return give(moved.inode === inode ? DEPTH * 2 : above!.inode, above!.above);
    },
    statFile(fd, into: Stat) {
      for (const { inode } of [...open].filter((directory) => directory.fd === fd)) into.inodeLow = inode;
    },
    closeDirectory(directory) {
      if (!open.delete(directory as Opened)) throw new Error("it was closed twice");
    },
  };
  return { posix: posix as Posix, open, counts, moved };
}

/** As many directories, one in another; the first is the top. */
function nest(directories: TargetDirectories): TargetDirectory[] {
  const top: Opened = { fd: 0, path: new Uint8Array(0), inode: 0, above: undefined };
  const nested = [directories.top(top)];
  for (let depth = 0; depth < DEPTH; depth++) nested.push(new TargetDirectory(nested.at(-1), NAME));
  return nested;
}

/** Asks for a directory. So many are that `expect` would take its time. */
function ask(directories: TargetDirectories, directory: TargetDirectory): void {
  const { inode } = directories.handle(directory) as Opened;
  if (inode !== directory.depth) throw new Error(`it is directory ${inode}, not ${directory.depth}`);
}

test("handle() opens a directory below 20,000 closed ones, and keeps few open", () => {
  const { posix, open, counts } = createPosix();
  const directories = new TargetDirectories(posix);
  const innermost = nest(directories).at(-1)!;
  const handle = directories.handle(innermost);
  expect(handle.fd).toBe(DEPTH);
  expect(directories.handle(innermost)).toBe(handle);
  expect(open.has(handle as Opened)).toBe(true);
  expect(counts.most).toBeLessThan(300);
  directories.closeAll();
  expect(open.size).toBe(0);
});

test("handle() opens few directories for each of 20,000 that are asked for from the innermost up", () => {
  const { posix, open, counts } = createPosix();
  const directories = new TargetDirectories(posix);
  for (const directory of nest(directories).reverse()) ask(directories, directory);
  expect(counts.opened).toBeLessThan(3 * DEPTH);
  directories.closeAll();
  expect(open.size).toBe(0);
});

test("handle() opens few directories where two go up, one 2,000 below the other, and look into others by the way", () => {
  const { posix, counts } = createPosix();
  const directories = new TargetDirectories(posix);
  const nested = nest(directories);
  for (let depth = DEPTH; depth > 2_000; depth--) {
    for (const directory of [nested[depth]!, nested[depth - 2_000]!, new TargetDirectory(nested[depth - 2_000], NAME)])
      ask(directories, directory);
  }
  expect(counts.opened).toBeLessThan(7 * DEPTH);
});

test("handle() goes the way from above where a directory has been moved into another one", () => {
  const { posix, open, moved } = createPosix();
  const directories = new TargetDirectories(posix);
  const nested = nest(directories);
  directories.handle(nested[400]!);
  moved.inode = 380;
  for (let depth = 400; depth > 350; depth--) ask(directories, nested[depth]!);
  directories.closeAll();
  expect(open.size).toBe(0);
});

test("holding() keeps a directory open while others are opened, by the thousand", async () => {
  const { posix, open, counts } = createPosix();
  const directories = new TargetDirectories(posix);
  const nested = nest(directories);
  const held = await directories.holding(nested[5]!, async (handle) => {
    await Promise.resolve();
    directories.handle(nested.at(-1)!);
    expect(open.has(handle as Opened)).toBe(true);
    return handle as Opened;
  });
  for (let depth = 100; depth < 200; depth++) directories.handle(nested[depth]!);
  expect(open.has(held)).toBe(false);
  expect(counts.most).toBeLessThan(300);
});
