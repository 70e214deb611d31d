/**
 * What somebody who has the key can put into a repository: nothing of it is ever written outside the target, no restore
 * crashes, and what cannot be restored is named.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import { NodeType, type RestoreSummary } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { type CraftedNode, Crafter } from "./kit/crafted-tree.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let outside: string;
let target: string;
let client: Client;

beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  outside = join(scratch.path, "outside");
  target = join(scratch.path, "target");
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, "victim"), "as it was", { mode: 0o600 });
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** All that is beside the target. */
const surroundings = () =>
  fs
    .readdirSync(scratch.path, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("target"))
    .sort()
    .map((name) => {
      const path = join(scratch.path, name);
      const { mode, ino, nlink, mtimeMs, size } = fs.lstatSync(path);
      const isFolder = fs.lstatSync(path).isDirectory();
      return { name, mode, ino, nlink, mtimeMs, content: isFolder ? size : fs.readFileSync(path, "latin1") };
    });

interface Outcome {
  readonly summary: RestoreSummary | undefined;
  readonly refused: string | undefined;
  readonly warnings: readonly string[];
}

/** Commits a snapshot of one root with these children, and restores all of it. */
async function restore(
  make: readonly CraftedNode[] | ((crafter: Crafter) => CraftedNode["tree"]),
  options: ClientOptions = {},
): Promise<Outcome> {
  client = await openClient(createMemoryStorage(), options);
  await Crafter.commit(client.repository, (crafter) => [
    {
      path: "/source",
      node: { name: "", mode: 0o755, ...(typeof make === "function" ? { tree: make(crafter)! } : { children: make }) },
    },
  ]);
  const before = surroundings();
  let summary: RestoreSummary | undefined;
  let refused: string | undefined;
  try {
    summary = await client.restore("all", target);
  } catch (error) {
    if (!isBcatError(error)) throw error;
    refused = error.message;
  }
  expect(surroundings()).toEqual(before);
  return { summary, refused, warnings: client.warnings };
}

describe("names that no entry has", () => {
  test.each(["..", ".", "", "/etc/passwd", "../outside/victim", "a/b", "a\0b", "/"])(
    "%j damages its folder",
    async (name) => {
      const { summary, refused } = await restore(
        [
          { name: "good", content: "good" },
          { name: "folder", mode: 0o755, children: [{ name, content: "evil" }] },
        ].reverse(),
      );
      expect(refused).toBeUndefined();
      expect(summary).toMatchObject({ filesRestored: 1 });
      expect(summary!.errors).toBeGreaterThan(0);
      expect(fs.readdirSync(join(target, "folder"))).toEqual([]);
    },
  );

  test.each(["..", "../outside/victim"])("%j in the root refuses the restore", async (name) => {
    const { refused, summary } = await restore([{ name, content: "evil" }]);
    expect(refused ?? summary!.errors).toBeTruthy();
  });

  test("longer than the system takes is named, and costs itself only", async () => {
    const { summary, warnings } = await restore([
      { name: "good", content: "x" },
      { name: "n".repeat(300), content: "y" },
    ]);
    expect(summary).toMatchObject({ filesRestored: 1, errors: 1 });
    expect(warnings[0]).toContain("nnn");
  });
});

describe("a name twice", () => {
  const link = (): CraftedNode => ({ name: "x", target: outside });
  const folder: CraftedNode = { name: "x", mode: 0o755, children: [{ name: "victim", content: "evil" }] };

  test("in one leaf, a link first and then a folder with a file, is damage", async () => {
    const { summary, refused } = await restore([{ name: "f", mode: 0o755, children: [link(), folder] }]);
    expect(refused).toBeUndefined();
    expect(summary!.errors).toBeGreaterThan(0);
  });

  test("in two leaves of a list is damage", async () => {
    const { summary, refused } = await restore((crafter) => crafter.inner([[link()], [folder]]));
    expect(refused ?? summary!.errors).toBeTruthy();
    expect(fs.existsSync(join(outside, "new"))).toBe(false);
  });

  test("that differs in case only, on a file system that sees no difference, is named", async () => {
    const { summary, warnings } = await restore(
      [
        { name: "FILE", content: "one" },
        { name: "Folder", mode: 0o755, children: [{ name: "a", content: "a" }] },
        { name: "file", content: "two" },
        { name: "folder", mode: 0o755, children: [{ name: "b", content: "b" }] },
        { name: "link", target: "a" },
        { name: "linK", target: "b" },
      ].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))),
      { replace: foldingCase },
    );
    const { filesRestored, directoriesRestored, symlinksRestored, errors } = summary!;
    // FILE or file, Folder and a, linK or link; the other three and what is below are errors.
    expect(filesRestored + directoriesRestored + symlinksRestored + errors).toBe(8);
    const named = warnings.filter((warning) => warning.includes("the same to the file system (EEXIST)"));
    expect(named.map((warning) => /\/source\/(\w+)/.exec(warning)?.[1]).sort()).toEqual(["file", "folder", "link"]);
    expect(named.find((warning) => warning.includes("/folder"))).toMatch(
      /what is in it was not restored either, one entry/,
    );
    expect(fs.readFileSync(join(target, "file"), "utf8")).toBe("one");
    expect(fs.readdirSync(join(target, "folder"))).toEqual(["a"]);
  });
});

/** A file system on which names that differ in case only are one. */
function foldingCase(posix: Posix): Partial<Posix> {
  const fold = (name: Uint8Array) => Buffer.from(Buffer.from(name).toString("latin1").toLowerCase(), "latin1");
  return {
    makeDirectoryAt: (directory, name, mode) => posix.makeDirectoryAt(directory, fold(name), mode),
    openDirectoryAt: (directory, name) => posix.openDirectoryAt(directory, fold(name)),
    createFileAt: (directory, name, mode) => posix.createFileAt(directory, fold(name), mode),
    makeSymlinkAt: (to, directory, name) => posix.makeSymlinkAt(to, directory, fold(name)),
    statAt: (directory, name, into) => posix.statAt(directory, fold(name), into),
    setOwnerAt: (directory, name, ...rest) => posix.setOwnerAt(directory, fold(name), ...rest),
    setModeAt: (directory, name, mode) => posix.setModeAt(directory, fold(name), mode),
    setTimesAt: (directory, name, ...rest) => posix.setTimesAt(directory, fold(name), ...rest),
  };
}

describe("links", () => {
  test("that lead outside are made as they are, and never written through", async () => {
    const { summary } = await restore([
      { name: "absolute", target: join(outside, "victim") },
      { name: "relative", target: "../outside/victim" },
      { name: "self", target: "self" },
    ]);
    expect(summary).toMatchObject({ symlinksRestored: 3, errors: 0 });
    expect(fs.readlinkSync(join(target, "relative"))).toBe("../outside/victim");
  });

  test("with a mode, an owner and attributes change nothing of what they lead to", async () => {
    const { summary } = await restore([
      { name: "link", target: join(outside, "victim"), mode: 0o777, attributes: [["user.x", "y"]] },
    ]);
    expect(summary!.symlinksRestored).toBe(1);
  });

  test("of one group with files are not made files, nor the files links", async () => {
    const { summary } = await restore([
      { name: "a", target: join(outside, "victim"), group: "g" },
      { name: "b", content: "b", group: "g" },
      { name: "c", target: join(outside, "victim"), group: "g" },
      { name: "d", content: "b", group: "g" },
      { name: "e", mode: 0o755, group: "g", children: [{ name: "f", content: "b", group: "g" }] },
    ]);
    expect(summary).toMatchObject({ errors: 0, filesRestored: 3, symlinksRestored: 2, directoriesRestored: 1 });
    for (const name of ["b", "d", "e/f"]) expect(fs.readFileSync(join(target, name), "utf8")).toBe("b");
    for (const name of ["a", "c"]) expect(fs.lstatSync(join(target, name)).isSymbolicLink()).toBe(true);
  });

  test.each(["", "a\0b"])("to %j are damage", async (to) => {
    const { refused, summary } = await restore([{ name: "link", target: to, type: NodeType.symlink }]);
    expect(refused ?? summary!.errors).toBeTruthy();
  });

  test("longer than the system takes cost themselves only", async () => {
    const { summary } = await restore([
      { name: "a", content: "a" },
      { name: "b", target: "t".repeat(65_535) },
    ]);
    expect(summary).toMatchObject({ filesRestored: 1, errors: 1 });
  });
});

describe("contents", () => {
  const good: CraftedNode = { name: "good", content: "good" };

  test.each<[string, CraftedNode["content"]]>([
    ["of a chunk that is shorter than it says", { chunks: [{ bytes: "short", length: 2 ** 26 }] }],
    ["of a chunk that is longer than it says", { chunks: [{ bytes: "longer", length: 1 }] }],
    ["of a chunk that is nowhere", { chunks: [{ bytes: "x", id: new Uint8Array(32).fill(9) }] }],
  ])("%s are an error of that file, which is not there then", async (_, content) => {
    const { summary, warnings } = await restore([{ name: "bad", content: content! }, good]);
    expect(summary).toMatchObject({ filesRestored: 1, errors: 1 });
    expect(warnings[0]).toContain("/source/bad");
    expect(fs.readdirSync(target)).toEqual(["good"]);
  });

  test("that are a list of names are an error of that file", async () => {
    const { summary } = await restore((crafter) =>
      crafter.inner([[{ name: "bad", content: { size: 2 ** 52, list: crafter.inner([[good]]) } }], [good]]),
    );
    expect(summary).toMatchObject({ filesRestored: 1, errors: 1 });
  });
});

describe("what takes privileges", () => {
  test("devices with numbers that there are none of cost themselves only", async () => {
    const { summary } = await restore([
      { name: "a", content: "a" },
      { name: "b", type: NodeType.blockDevice, device: [2 ** 32 - 1, 2 ** 32 - 1] },
      { name: "c", type: NodeType.characterDevice, device: [0, 2 ** 31] },
    ]);
    expect(summary!.filesRestored).toBe(1);
    expect(summary!.errors + summary!.skipped + summary!.othersRestored).toBeGreaterThan(0);
  });

  test("set-id bits come with the owner that the snapshot names, or not at all", async () => {
    const { summary } = await restore([{ name: "su", content: "#!", mode: 0o6755, uid: 0, gid: 0 }]);
    expect(summary!.filesRestored).toBe(1);
    const { mode, uid } = fs.statSync(join(target, "su"));
    expect((mode & 0o6000) === 0 || uid === 0).toBe(true);
  });

  test("an attribute whose name has a NUL is refused, and costs no other", async () => {
    const { summary } = await restore([{ name: "a", content: "a", attributes: [["user.\0b", "x"]] }]);
    expect(summary!.filesRestored).toBe(1);
  });

  test.each([2 ** 50, -(2 ** 50)])("a time of %d seconds costs the time, not the file", async (seconds) => {
    const { summary } = await restore([{ name: "a", content: "a", seconds }]);
    expect(summary!.filesRestored).toBe(1);
  });
});

describe("folders", () => {
  test("above the sources that are said to be links are made as folders", async () => {
    client = await openClient(createMemoryStorage());
    await Crafter.commit(
      client.repository,
      (crafter) => {
        foldersAbove.push({ path: Buffer.from("/s"), node: crafter.leaf([{ name: "", target: outside }]) });
        return ["/s/a", "/s/b"].map((path) => ({
          path,
          node: { name: "", mode: 0o755, children: [{ name: "victim", content: "evil" }] },
        }));
      },
      { foldersAbove },
    );
    const before = surroundings();
    await client.restore("all", target);
    expect(surroundings()).toEqual(before);
    expect(fs.lstatSync(join(target, "s")).isDirectory()).toBe(true);
  });
  const foldersAbove: { path: Uint8Array; node: Uint8Array }[] = [];

  test("500 one in another, with links between, end where they should", async () => {
    let node: CraftedNode = { name: "end", content: "end" };
    for (let i = 0; i < 500; i++)
      node = {
        name: "d",
        mode: 0o755,
        children: [node, { name: "link", target: "../../../../../../outside" }].sort((a, b) =>
          a.name < b.name ? -1 : 1,
        ),
      };
    const { summary } = await restore([node]);
    expect(summary).toMatchObject({ directoriesRestored: 500, symlinksRestored: 500, errors: 0 });
  });
});
