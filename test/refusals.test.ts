/** What a backup refuses before it begins leaves nothing in the repository. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { BackupOptions } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { makeScratch } from "./kit/scratch.js";

test.each<[string, BackupOptions, RegExp]>([
  ["an empty tag", { tags: ["good", ""] }, /^Cannot back up: a tag is empty$/],
  ["a tag beyond 64 KiB", { tags: ["t".repeat(65_537)] }, /^Cannot back up: a tag has 65537 bytes, allowed are 65536$/],
  ["a tag beyond what an outcome holds", { tags: ["t".repeat(17e6)] }, /a tag has 17000000 bytes/],
  ["an empty pattern", { excludes: [""] }, /exclude pattern/],
  ["patterns beyond 1 MiB", { excludes: Array.from({ length: 20 }, () => "p".repeat(60_000)) }, /together/],
  ["an empty host", { host: "" }, /^Cannot back up: the host name is empty$/],
  [
    "a host beyond 4 KiB",
    { host: "ü".repeat(2_049) },
    /^Cannot back up: the host name has 4098 bytes, allowed are 4096$/,
  ],
])("%s is refused before any work", async (_, options, message) => {
  await using scratch = makeScratch(2 ** 20)!;
  const source = join(scratch.path, "source");
  fs.mkdirSync(source);
  fs.writeFileSync(join(source, "file"), "content");
  const storage = createMemoryStorage();
  await using client = await openClient(storage);
  const before = [...storage.objects.keys()];
  const run = client.backup([source], options);
  await expect(run).rejects.toThrow(message);
  await expect(run).rejects.toMatchObject({ code: "usage" });
  expect([...storage.objects.keys()]).toEqual(before);
});
