import { RepositoryKeys } from "@bcat/crypto";
import { packName } from "@bcat/pack";
import { expect, test } from "vitest";
import { encodeLogRecord } from "./bodies/log.js";
import { Log } from "./log.js";

const keys = new RepositoryKeys(new Uint8Array(32), new Uint8Array(16));

test("a place that gives something for every name is not asked for ever", async () => {
  const asked: string[] = [];
  const registers = {
    async get(name: string) {
      asked.push(name);
      return Buffer.from("<!doctype html>");
    },
    async putIfAbsent() {},
  };
  const damage: string[] = [];
  const read = new Log(keys).read(registers, ({ message }) => void damage.push(message));
  await expect(read).rejects.toMatchObject({ code: "corrupt" });
  expect(damage).toHaveLength(16);
  expect(asked.at(-1)).toBe("log/0000000017");
});

test("a record of hundreds of thousands of packs is kept as what it takes", () => {
  const packs = Array.from({ length: 3 }, (_, i) => ({ session: 1 + i, unique: new Uint8Array(16).fill(i) }));
  const head = { time: 1, host: "host" } as const;
  const log = new Log(keys);
  log.apply(encodeLogRecord({ kind: "condemn", packs: packs.slice(0, 2), ...head }));
  log.apply(encodeLogRecord({ kind: "forget", snapshots: [1], ...head }));
  log.apply(encodeLogRecord({ kind: "condemn", packs: packs.slice(2), areDamaged: true, ...head }));
  expect([...log.condemnedBehind(0)]).toEqual(packs.map(packName));
  expect([...log.condemnedBehind(0, 2)]).toEqual(packs.slice(0, 2).map(packName));
  expect([...log.referencesBehind(1)].map(({ length }) => length)).toEqual([24]);
  expect(log.damagedPacks.size).toBe(1);
  expect(log.damagedPacks.has(packName(packs[2]!))).toBe(true);
  // Views, not copies: the bodies are kept anyway.
  for (const references of log.referencesBehind(0))
    expect(log.bodies.some(({ buffer }) => buffer === references.buffer)).toBe(true);
});
