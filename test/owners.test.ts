/** Names of owners: the caller of a backup knows them, the core asks nobody else. */
import * as fs from "node:fs";
import { join } from "node:path";
import { listEntries, type OwnerNames } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { makeScratch } from "./kit/scratch.js";

async function ownersKept(owners: OwnerNames | undefined): Promise<unknown[]> {
  await using scratch = makeScratch(2 ** 24)!;
  fs.writeFileSync(join(scratch.path, "file"), "x");
  await using client = await openClient(createMemoryStorage());
  await client.backup([join(scratch.path, "file")], owners === undefined ? {} : { owners });
  const kept: unknown[] = [];
  for await (const { node } of listEntries(client.repository, await client.find("latest"), undefined))
    if (node.content !== undefined) kept.push(node.user, node.group);
  return kept;
}

test("a backup keeps the names that its caller gives", async () => {
  expect(await ownersKept({ user: (uid) => `user ${uid}`, group: () => "group" })).toEqual([
    `user ${process.getuid?.()}`,
    "group",
  ]);
});

test("a backup without names keeps numbers alone", async () => {
  expect(await ownersKept(undefined)).toEqual(["", ""]);
});
