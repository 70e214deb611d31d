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

test.skipIf(process.getuid?.() !== 0)(
  "one that is refused keeps no other from being set, nor is tried for ever",
  async () => {
    await using scratch = makeScratch(2 ** 24)!;
    const at = (name: string) => join(scratch.path, "source", name);
    fs.mkdirSync(at(""));
    const owners = { a: [11, 0], b: [0, 12], c: [11, 0], d: [0, 0] } as const;
    for (const [name, [uid, gid]] of Object.entries(owners)) {
      fs.writeFileSync(at(name), name);
      fs.symlinkSync(name, at(`link ${name}`));
      for (const each of [name, `link ${name}`]) fs.lchownSync(at(each), uid, gid);
    }
    const refuse = (uid: number) => {
      if (uid === 11) throw Object.assign(new Error("EPERM"), { code: "EPERM", syscall: "fchown" });
    };
    await using client = await openClient(createMemoryStorage(), {
      replace: (posix) => ({
        setFileOwner(file, uid, gid) {
          refuse(uid);
          posix.setFileOwner(file, uid, gid);
        },
        setOwnerAt(directory, name, uid, gid) {
          refuse(uid);
          posix.setOwnerAt(directory, name, uid, gid);
        },
      }),
    });
    await client.backup([join(scratch.path, "source")]);
    for (const name of fs.readdirSync(at(""))) fs.lchownSync(at(name), 7, 7);
    const restore = async () => await client.restore("all", join(scratch.path, "source"), { overwrite: "if-changed" });
    // The first file and the first link with the refused owner may be made anew, to find that out.
    expect((await restore()).errors).toBe(0);
    expect(client.warnings).toEqual([expect.stringContaining("owners were not restored")]);
    for (const [name, [uid, gid]] of Object.entries(owners)) {
      if (uid === 11) continue;
      for (const each of [name, `link ${name}`]) expect(fs.lstatSync(at(each)), each).toMatchObject({ uid, gid });
    }
    expect((await restore()).filesUnchanged).toBe(8);
  },
);
