/** What is backed up comes back as it was: in any bytes, of any size, mode, owner and time, on either set of calls. */
import { join } from "node:path";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Accelerators, type Client, openClient } from "./kit/client.js";
import { exactTimes } from "./kit/exact-times.js";
import { makeOddTree } from "./kit/odd-tree.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences, type WalkOptions } from "./kit/walker.js";
import { withoutLinks } from "./kit/without-links.js";

const settings: readonly Accelerators[] = ["auto", "off"];
const pairs = settings.flatMap((written) => settings.map((restored) => ({ written, restored })));
/** What is set through Node is exact to the microsecond. */
const exactness = (client: Client): WalkOptions => ({ timeUnit: client.posix.exactTimes ? 1n : 1_000n });

describe("a tree of everything", () => {
  let scratch: Scratch;
  let source: string;
  let storage: MemoryStorage;

  beforeAll(async () => {
    scratch = makeScratch(2 ** 28)!;
    source = join(scratch.path, "source");
    makeOddTree(source);
    storage = createMemoryStorage();
    // Two hosts: neither is the other's parent, so each reads every file.
    for (const accelerators of settings) {
      await using client = await openClient(storage, { accelerators, host: accelerators });
      const summary = await client.backup([source]);
      const said = expect.stringContaining("were not stored, that takes koffi");
      expect(client.warnings).toEqual(accelerators === "auto" ? [] : [said]);
      expect(summary).toMatchObject({ errors: 0, skipped: 0, filesUnmodified: 0, parent: undefined });
    }
  });

  afterAll(async () => await scratch[Symbol.asyncDispose]());

  test.each(pairs)("written with accelerators $written, is restored equal with $restored", async (pair) => {
    await using client = await openClient(storage, { accelerators: pair.restored });
    const target = join(scratch.path, `${pair.written} ${pair.restored}`);
    const summary = await client.restore("all", target, { selector: pair.written === "auto" ? "1" : "2" });
    const said = expect.stringMatching(/^skipped .*times were restored to the microsecond/);
    expect(client.warnings).toEqual(pair.restored === "auto" ? [] : [said]);
    const comparison = await compareTrees(source, target, exactness(client));
    expect(describeDifferences(comparison)).toEqual([]);
    const { files, symlinks, bytes, directories } = comparison;
    expect(comparison.files).toBeGreaterThan(300);
    expect(summary).toEqual({
      archived: 0,
      filesRestored: files,
      symlinksRestored: symlinks,
      othersRestored: 0,
      bytesRestored: bytes,
      filesUnchanged: 0,
      bytesUnchanged: 0,
      deleted: 0,
      filesVerified: 0,
      undoSnapshot: undefined,
      // The target itself was made, but is no entry of the snapshot below its root.
      directoriesRestored: directories - 1,
      errors: 0,
      skipped: 0,
    });
  });

  test("has the same ids whichever accelerators wrote it, and the second adds no chunk", async () => {
    await using client = await openClient(storage);
    const [first, second] = [await client.find("1"), await client.find("2")];
    expect(second.snapshot.roots.map(({ node }) => Buffer.from(node).toString("hex"))).toEqual(
      first.snapshot.roots.map(({ node }) => Buffer.from(node).toString("hex")),
    );
    expect(second.snapshot.counts.dataChunksAdded).toBe(0);
    expect(second.snapshot.counts.files).toBe(first.snapshot.counts.files);
  });

  test.skipIf(!exactTimes)("is backed up again from its own restore with the same ids", async () => {
    // What names have in common is known by a number of the file system, which is another in a copy.
    await using client = await openClient(storage, { host: "third", replace: withoutLinks });
    await client.backup([source]);
    const first = await client.find("latest");
    const target = join(scratch.path, "again");
    await client.restore("all", target);
    await client.backup([target]);
    const again = await client.find("latest");
    expect(Buffer.compare(again.snapshot.roots[0]!.node, first.snapshot.roots[0]!.node)).toBe(0);
  });

  test("is not read again by the next backup", async () => {
    const copy = storage.clone();
    await using client = await openClient(copy, { host: "fourth" });
    client.time = Date.now() + 3_600_000;
    await client.backup([source]);
    const summary = await client.backup([source]);
    expect(summary).toMatchObject({ dataChunks: 0, treeChunks: 0, filesNew: 0, dirsNew: 0, dirsChanged: 0 });
    expect(client.opened).toEqual([]);
  });
});
