/** A process that backs up in threads again and again has no more files open than after the first time. */
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch } from "./kit/scratch.js";

const MEBIBYTE = 2 ** 20;
const LARGE = (isLongRun ? 20 : 8) * MEBIBYTE;
const ROUNDS = isLongRun ? 6 : 4;

/** Files below `folder` that this process has open. */
function openBelow(folder: string): string[] {
  return fs.readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

test.skipIf(process.platform !== "linux")(
  "neither whole nor interrupted backups in threads leave files open",
  async () => {
    await using scratch = makeScratch(2 ** 28)!;
    const source = join(scratch.path, "source");
    for (let folder = 0; folder < 20; folder++) {
      fs.mkdirSync(join(source, String(folder)), { recursive: true });
      for (let file = 0; file < 60; file++) {
        const path = join(source, String(folder), String(file));
        fs.writeFileSync(path, randomBytesOf(path, 3_000 + file));
      }
    }
    fs.writeFileSync(join(source, "large"), randomBytesOf("large", LARGE));
    const memory = createMemoryStorage();
    const client = {
      cacheDirectory: join(scratch.path, "cache"),
      sizes: { filesBeforeThreads: 100, packSize: MEBIBYTE },
    };
    const open: string[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const aborted = new AbortController();
      let puts = 0;
      const storage: Storage = {
        location: memory.location,
        get: (...words) => memory.get(...words),
        putIfAbsent: (...words) => memory.putIfAbsent(...words),
        async put(name, bytes, options) {
          await memory.put(name, bytes, options);
          if (round % 2 === 1 && ++puts === round) aborted.abort();
        },
      };
      // Every chunk of the first round is looked up, and some are new.
      fs.writeFileSync(join(source, "large"), randomBytesOf(`large ${round}`, LARGE));
      await using host = await openClient(storage, client);
      const run = host.backup([source], { threads: 3, force: true, signal: aborted.signal });
      if (round % 2 === 1) await expect(run).rejects.toMatchObject({ code: "interrupted" });
      else expect(await run).toMatchObject({ errors: 0 });
      await host[Symbol.asyncDispose]();
      open.push(openBelow(scratch.path));
    }
    expect(open).toEqual(open.map(() => []));
  },
);
