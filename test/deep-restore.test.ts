/** Restores of folders in folders by the thousand, with files and folders in each: the work grows with their number only. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { Posix } from "@bcat/posix";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Accelerators, type Client, openClient } from "./kit/client.js";
import { inexactTimes } from "./kit/exact-times.js";
import { isLongRun } from "./kit/long-run.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const DEPTH = isLongRun ? 1_200 : 200;
/** Of each level: the folder that leads on, and one beside it. */
const FOLDERS = 2 * DEPTH;

describe.each<Accelerators>(["auto", "off"])("folders %#", (accelerators) => {
  let scratch: Scratch;
  let source: string;
  let target: string;
  let client: Client;
  let openings = 0;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 26)!;
    source = join(scratch.path, "source");
    target = join(scratch.path, "target");
    fs.mkdirSync(source);
    eachLevel(source, (folder) => {
      fs.mkdirSync(`${folder}/d`);
      fs.mkdirSync(`${folder}/e`);
      fs.writeFileSync(`${folder}/e/f`, "beside");
      fs.writeFileSync(`${folder}/f`, "file");
    });
    client = await openClient(createMemoryStorage(), { accelerators, replace: counting });
    openings = 0;
    expect(await client.backup([source])).toMatchObject({ errors: 0, dirsNew: FOLDERS + 1 });
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  function counting(posix: Posix): Partial<Posix> {
    const count = <Args extends unknown[], Result>(call: (...words: Args) => Result) => {
      return (...words: Args) => {
        openings++;
        return call.apply(posix, words);
      };
    };
    const { openParent } = posix;
    return {
      openDirectoryAt: count(posix.openDirectoryAt),
      ...(openParent === undefined ? {} : { openParent: count(openParent) }),
    };
  }

  test("are stored with a few openings each", () => {
    expect(openings).toBeLessThan(6 * FOLDERS);
  });

  test("are restored, over what is there too, with a few openings each, and each file in its own folder", async () => {
    openings = 0;
    const options = { threads: 1 };
    const restored = await client.restore("all", target, options);
    expect(restored).toMatchObject({ directoriesRestored: FOLDERS, filesRestored: 2 * DEPTH, errors: 0 });
    expect(openings).toBeLessThan(8 * FOLDERS);
    eachLevel(target, (folder, depth) => {
      if (depth === DEPTH) fs.writeFileSync(`${folder}/f`, "changed");
      else fs.utimesSync(`${folder}/e/f`, 1, 1);
    });
    openings = 0;
    const again = await client.restore("all", target, {
      ...options,
      overwrite: "always",
      keep: { isPrivileged: true },
    });
    expect(client.warnings.filter((warning) => !inexactTimes.test(warning))).toEqual([]);
    expect(again).toMatchObject({ filesRestored: 1, errors: 0 });
    expect(openings).toBeLessThan(24 * FOLDERS);
  });
});

/** By way of the folders' descriptors: most paths are too long for any call. `act` is given one that is not. */
function eachLevel(path: string, act: (folder: string, depth: number) => void): void {
  let opened = fs.openSync(path, fs.constants.O_DIRECTORY);
  for (let depth = 1; depth <= DEPTH; depth++) {
    const folder = `/proc/self/fd/${opened}`;
    act(folder, depth);
    const next = fs.openSync(`${folder}/d`, fs.constants.O_DIRECTORY);
    fs.closeSync(opened);
    opened = next;
  }
  fs.closeSync(opened);
}
