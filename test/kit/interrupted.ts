/** A source of folders in folders, and a client whose backup is asked to end when it opens the so-and-so-many-th file. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { Posix } from "@bcat/posix";
import type { Storage } from "@bcat/storage";
import { type Client, type ClientOptions, openClient } from "./client.js";
import { randomBytesOf } from "./random-bytes.js";

/** Packs of a few files, and a cut every few KiB. */
export const sizes = { packSize: 256 * 1024, packsPerSegment: 3 };
export const chunker = { kind: "cdc", minimum: 8 * 1024, average: 32 * 1024, maximum: 128 * 1024 } as const;

/** Folders inside one another, files before and behind folders, links, names of one file; the files in order of walk. */
export function makeSource(folder: string): void {
  const put = (name: string, size: number) => fs.writeFileSync(join(folder, name), randomBytesOf(name, size));
  for (const name of ["a", "a/b", "a/b/c", "a/z", "d", "empty", "e", "e/f"])
    fs.mkdirSync(join(folder, name), { recursive: true });
  for (const name of ["", "a/", "a/b/", "a/b/c/", "a/z/", "d/", "e/", "e/f/"]) {
    for (let i = 0; i < 4; i++) put(`${name}file-${i}`, 900 + i * 150_000);
    put(`${name}zfile`, 400);
    fs.symlinkSync("file-1", join(folder, `${name}link`));
  }
  put("d/large", 1_500_000);
  fs.linkSync(join(folder, "a/b/file-3"), join(folder, "e/f/other-name"));
}

export interface StoppableClient {
  readonly client: Client;
  /** Aborted when the next backup opens the file of this number, from 1. */
  stopAt(opening: number): AbortSignal;
}

/** A client of which every look at the clock is late, so that it hears of everything at once. */
export async function openStoppable(storage: Storage, options: ClientOptions = {}): Promise<StoppableClient> {
  let left = 0;
  let controller = new AbortController();
  let client: Client | undefined;
  const replace = (posix: Posix): Partial<Posix> => ({
    openFileAt(directory, name) {
      if (client !== undefined) client.time += 1000;
      if (--left === 0) controller.abort();
      return posix.openFileAt(directory, name);
    },
  });
  client = await openClient(storage, { sizes, chunker, replace, ...options });
  client.time = Date.now() + 3_600_000;
  return {
    client,
    stopAt(opening) {
      left = opening;
      controller = new AbortController();
      return controller.signal;
    },
  };
}

/** Absolute paths of the files below a folder. */
export function filesBelow(folder: string): string[] {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => fs.lstatSync(join(folder, name)).isFile()).sort();
}
