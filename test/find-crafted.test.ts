/** A search meets a folder that somebody who has the key has made up: it is told of once, and the rest is searched. */
import { CorruptError } from "@bcat/errors";
import { type Search, SnapshotSearch, searchById, searchByPattern } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { type CraftedNode, Crafter } from "./kit/crafted-tree.js";

const CHUNK = "what is in a chunk";

let client: Client;
let damage: string[];

/** Two snapshots, in which `/source/bad` holds a mode that cannot be. */
beforeEach(async () => {
  client = await openClient(createMemoryStorage(), {});
  damage = [];
  const content = { chunks: [{ bytes: CHUNK }] };
  for (const added of ["added-1", "added-2"]) {
    const children: CraftedNode[] = [
      { name: added },
      { name: "bad", children: [{ name: "a" }, { name: "x", mode: 0o10000, content }, { name: "z", children: [] }] },
      { name: "good", children: [{ name: "x", content }] },
    ];
    await Crafter.commit(client.repository, () => [{ path: "/source", node: { name: "source", children } }]);
  }
  await client.repository.refresh();
});
afterEach(async () => await client[Symbol.asyncDispose]());

async function find(search: Search, numbers = [1, 2]): Promise<string[]> {
  const onDamage = (path: Uint8Array, { message }: CorruptError) =>
    void damage.push(`${Buffer.from(path).toString()}: ${message}`);
  const run = new SnapshotSearch(client.repository, search, { onDamage });
  const found: string[] = [];
  for (const number of numbers)
    for await (const { path } of run.in(number)) found.push(`${number}:${Buffer.from(path).toString()}`);
  return found;
}

test("what matches nothing there is not looked at beyond its name", async () => {
  expect(await find(searchByPattern({ globs: ["added-1", "z"] }))).toEqual(["1:/source/added-1"]);
  expect(damage).toEqual([expect.stringMatching(/^\/source\/bad: .*mode 4096 is above 4095/)]);
  damage = [];
  expect(await find(searchByPattern({ globs: ["added-2"] }))).toEqual(["2:/source/added-2"]);
  expect(damage).toEqual([]);
});

test("what is asked for names the folder once, in all snapshots, and ends its search alone", async () => {
  const expected = ["1:/source/good/x", "2:/source/good/x"];
  expect(await find(searchByPattern({ globs: ["x"] }))).toEqual(expected);
  expect(damage).toHaveLength(1);
  expect(await find(searchByPattern({ globs: ["x"], size: { atLeast: 1 } }))).toEqual(expected);
  expect(damage).toHaveLength(2);
});

test("of a search that has to be waited for, too", async () => {
  const { content } = (await contentOf("/source/good/x"))!;
  const id = content?.kind === "chunks" ? Buffer.from(content.chunks[0]!.id).toString("hex") : "";
  const search = searchById(client.repository, { of: "blob", ids: [id] });
  expect(await find(search)).toEqual(["1:/source/good/x", "2:/source/good/x"]);
  expect(damage).toHaveLength(1);
});

test("without anybody to be told, it is an error", async () => {
  const run = new SnapshotSearch(client.repository, searchByPattern({ globs: ["x"] }));
  await expect(run.in(1).next()).rejects.toThrow(CorruptError);
});

async function contentOf(wanted: string) {
  const run = new SnapshotSearch(client.repository, searchByPattern({ globs: [wanted] }));
  for await (const { path, node } of run.in(1)) if (Buffer.from(path).toString() === wanted) return node;
  return undefined;
}
