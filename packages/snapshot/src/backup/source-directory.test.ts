import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Directory, loadPosix, type Posix } from "@bcat/posix";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SourceDirectories, SourceDirectory } from "./source-directory.js";

/** What {@link SourceDirectories} keeps open of those nobody holds. */
const OPEN_MAX = 16;

let folder: string;
let posix: Posix;
let top: Directory;
const open = new Set<number>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-source-"));
  const system = loadPosix("auto");
  open.clear();
  posix = new Proxy(system, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...words: unknown[]) => {
        if (property === "closeDirectory" && !open.delete((words[0] as Directory).fd)) throw new Error("closed twice");
        const result = value.apply(target, words);
        if (property === "openDirectoryAt" || property === "openParent") open.add((result as Directory).fd);
        return result;
      };
    },
  });
  top = system.openDirectory(Buffer.from(folder));
});
afterEach(() => {
  loadPosix("auto").closeDirectory(top);
  rmSync(folder, { recursive: true });
});

/** Directories one in another, from the root down, as the walk meets them. */
async function descend(directories: SourceDirectories, depth: number): Promise<SourceDirectory[]> {
  mkdirSync(join(folder, "d/".repeat(depth)), { recursive: true });
  const path = [directories.root(Buffer.from(folder), top)];
  for (let i = 0; i < depth; i++) {
    const next = new SourceDirectory(path.at(-1)!, Buffer.from("d"));
    await directories.handle(next);
    path.push(next);
  }
  return path;
}

const never = async () => false;

describe("SourceDirectories", () => {
  it("keeps a few open, and opens the others again", async () => {
    const directories = new SourceDirectories(posix, never);
    const path = await descend(directories, 100);
    // Beside those, the last one and the one that it was opened in.
    expect(open.size).toBe(OPEN_MAX + 2);
    for (const directory of path.slice(1).reverse()) {
      const handle = await directories.handle(directory);
      expect(open.has(handle.fd)).toBe(true);
      expect(open.size).toBeLessThanOrEqual(OPEN_MAX + 2);
      directories.leave(directory);
    }
    directories.closeAll();
    expect(open.size).toBe(0);
  });

  it("refuses another directory under the name of one that it opens again", async () => {
    const directories = new SourceDirectories(posix, never);
    const path = await descend(directories, 40);
    renameSync(join(folder, "d/d"), join(folder, "gone"));
    mkdirSync(join(folder, "d/d/d"), { recursive: true });
    await expect(directories.handle(path[3]!)).rejects.toThrow("another directory has taken its name");
    expect(path[2]!.open).toBeUndefined();
    directories.closeAll();
    expect(open.size).toBe(0);
  });

  it("never closes one that is held, nor one that was just opened because all others are held", async () => {
    const directories = new SourceDirectories(posix, never);
    const root = directories.root(Buffer.from(folder), top);
    const held: SourceDirectory[] = [];
    for (let i = 0; i < 3 * OPEN_MAX; i++) {
      mkdirSync(join(folder, String(i)));
      const directory = new SourceDirectory(root, Buffer.from(String(i)));
      const handle = await directories.handle(directory);
      expect(directory.open).toBe(handle);
      expect(open.has(handle.fd)).toBe(true);
      directories.hold(directory);
      directories.leave(directory);
      held.push(directory);
    }
    expect(open.size).toBe(3 * OPEN_MAX);
    for (const directory of held) directories.letGo(directory);
    expect(open.size).toBe(OPEN_MAX);
    directories.closeAll();
    expect(open.size).toBe(0);
  });

  it("waits, when descriptors run out, until some are let go of, with those above the one it opens kept open", async () => {
    let failing = 0;
    const system = posix;
    posix = new Proxy(system, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (property !== "openDirectoryAt") return value;
        return (...words: unknown[]) => {
          if (failing-- > 0)
            throw Object.assign(new Error("EMFILE"), { code: "EMFILE", errno: -24, syscall: "openat" });
          return (value as (...given: unknown[]) => unknown)(...words);
        };
      },
    });
    let waits = 0;
    const directories: SourceDirectories = new SourceDirectories(posix, async () => {
      waits++;
      // Others open directories of their own meanwhile, and close the oldest.
      const before = failing;
      failing = 0;
      for (const name of readdirSync(folder))
        if (name !== "d") await directories.handle(new SourceDirectory(root, Buffer.from(name)));
      failing = before;
      return true;
    });
    const root = directories.root(Buffer.from(folder), top);
    for (let i = 0; i < 3 * OPEN_MAX; i++) mkdirSync(join(folder, String(i)));
    const path = await descend(directories, 3);
    const target = new SourceDirectory(path.at(-1)!, Buffer.from("last"));
    mkdirSync(join(folder, "d/d/d/last"));
    failing = 3;
    const handle = await directories.handle(target);
    expect(waits).toBeGreaterThan(0);
    expect(open.has(handle.fd)).toBe(true);
    expect(Buffer.from(handle.path).toString()).toBe(join(folder, "d/d/d/last"));
    directories.closeAll();
    expect(open.size).toBe(0);
  });

  it("ends when descriptors have run out and nobody lets go of any", async () => {
    mkdirSync(join(folder, "d"));
    const directories = new SourceDirectories(
      new Proxy(posix, {
        get(target, property) {
          if (property !== "openDirectoryAt") return Reflect.get(target, property, target);
          return () => {
            throw Object.assign(new Error("ENFILE"), { code: "ENFILE", errno: -23, syscall: "openat" });
          };
        },
      }),
      never,
    );
    const root = directories.root(Buffer.from(folder), top);
    await expect(directories.handle(new SourceDirectory(root, Buffer.from("d")))).rejects.toMatchObject({
      code: "refused",
    });
  });
});
