/** A condemned pack is never again a location for a writer (docs/format.md section 9). */
import * as fs from "node:fs";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { encodeLogRecord, registerName } from "@bcat/repository";
import { check, type Finding } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { everyOther } from "./kit/faulty-posix.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const PACK_NAME = /^packs\/[0-9a-f]{2}\/(\d{10})-([0-9a-f]{32})$/;
const KIBIBYTE = 2 ** 10;
const sizes = { packSize: 256 * KIBIBYTE };
const chunker = { kind: "cdc", minimum: 8 * KIBIBYTE, average: 16 * KIBIBYTE, maximum: 64 * KIBIBYTE } as const;

describe("a condemned pack", () => {
  let scratch: Scratch;
  let source: string;
  let storage: MemoryStorage;

  beforeEach(() => {
    scratch = makeScratch(2 ** 27)!;
    source = join(scratch.path, "source");
    fs.mkdirSync(join(source, "folder/inner"), { recursive: true });
    for (let i = 0; i < 40; i++)
      fs.writeFileSync(join(source, "folder", String(i)), randomBytesOf(String(i), 1_000 + i));
    fs.writeFileSync(join(source, "folder/inner/large"), randomBytesOf("large", 150 * KIBIBYTE));
    // More than 64 chunks: its references are a tree chunk of their own.
    fs.writeFileSync(join(source, "huge"), randomBytesOf("huge", 3_000 * KIBIBYTE));
    storage = createMemoryStorage();
  });

  afterEach(async () => await scratch[Symbol.asyncDispose]());

  const open = async (): Promise<Client> => {
    const client = await openClient(storage, { sizes, chunker });
    client.time = Date.now() + 3_600_000;
    return client;
  };
  const packs = () => [...storage.objects.keys()].filter((name) => PACK_NAME.test(name));
  const condemn = async (client: Client, names: readonly string[], number = 1) => {
    const references = names.map((name) => {
      const [, session, unique] = PACK_NAME.exec(name)!;
      return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
    });
    const body = encodeLogRecord({ kind: "condemn", time: 1, host: "by hand", packs: references });
    const name = registerName("log", number);
    const object = { type: ObjectType.LOG, name, epoch: 0, domain: 0 };
    await storage.putIfAbsent(name, sealObject(client.repository.context, object, body));
  };
  const expectRestored = async (selector: string) => {
    await using client = await open();
    const target = join(scratch.path, `restored ${selector}`);
    await client.restore("all", target, { selector });
    expect(client.warnings).toEqual([]);
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  };

  test("is stored anew by the next backup, chunk by chunk, and can then be deleted", async () => {
    const known = new Map<string, { dataChunks: number; treeChunks: number }>();
    {
      await using client = await open();
      const { dataChunks, treeChunks } = await client.backup([source]);
      known.set("first", { dataChunks, treeChunks });
      expect(packs().length).toBeGreaterThan(5);
    }
    const old = packs();
    await using client = await open();
    await condemn(client, old);
    const summary = await client.backup([source]);
    expect(summary).toMatchObject({ parent: 1, errors: 0 });
    expect(summary.dataChunks).toBe(known.get("first")?.dataChunks);
    expect(summary.treeChunks).toBe(known.get("first")?.treeChunks);
    for (const name of old) await storage.delete(name);
    await expectRestored("2");
    await expectRestored("1");
    expect(await client.backup([source])).toMatchObject({ dataChunks: 0, treeChunks: 0, filesUnmodified: 42 });
    expect(client.opened).toEqual([]);
    await using after = await open();
    expect(await check(after.repository, { readData: true })).toMatchObject({ damage: 0, notes: 0 });
  });

  test("is damage when it is gone and a snapshot still needs it", async () => {
    {
      await using client = await open();
      await client.backup([source]);
      fs.writeFileSync(join(source, "later"), randomBytesOf("later", 3_000));
      await client.backup([source]);
    }
    const original = storage;
    const affected = new Set<string>();
    for (const pack of everyOther(packs(), 0)) {
      storage = original.clone();
      await using client = await open();
      await condemn(client, [pack]);
      await storage.delete(pack);
      await client.repository.refresh();
      const findings: Finding[] = [];
      await check(client.repository, { onFinding: (finding) => findings.push(finding) });
      const damage = findings.filter(({ kind }) => kind === "damage");
      expect(damage.length, pack).toBeGreaterThan(0);
      expect(new Set(damage.map(({ object }) => object))).toEqual(new Set([pack]));
      for (const { snapshots, message } of damage) {
        expect(message).toMatch(/it is missing; needed by "\/.*"/);
        affected.add(String(snapshots));
      }
    }
    expect([...affected].sort()).toEqual(["1,2", "2"]);
  });

  test("may be any single one", async () => {
    {
      await using client = await open();
      await client.backup([source]);
    }
    const original = storage;
    for (const pack of packs()) {
      storage = original.clone();
      await using client = await open();
      await condemn(client, [pack]);
      const summary = await client.backup([source]);
      expect(summary.dataChunks + summary.treeChunks, pack).toBeGreaterThan(0);
      await storage.delete(pack);
      await expectRestored("latest");
    }
  });

  test("may be gone before the next backup: what was in it is read again", async () => {
    {
      await using client = await open();
      await client.backup([source]);
    }
    const original = storage;
    for (const pack of everyOther(packs(), 1)) {
      storage = original.clone();
      await using client = await open();
      await condemn(client, [pack]);
      await storage.delete(pack);
      expect(await client.backup([source])).toMatchObject({ errors: 0 });
      await expectRestored("latest");
    }
  });

  test("condemned while the repository is open counts for the next backup of the same process", async () => {
    await using client = await open();
    await client.backup([source]);
    const old = packs();
    await condemn(client, old);
    const summary = await client.backup([source]);
    expect(summary.dataChunks).toBeGreaterThan(80);
    await condemn(
      client,
      packs().filter((name) => !old.includes(name)),
      2,
    );
    expect((await client.backup([source])).dataChunks).toBe(summary.dataChunks);
    for (const name of packs().filter((pack) => !pack.includes("/0000000003-"))) await storage.delete(name);
    await expectRestored("latest");
  });
});
