import { RepositoryKeys } from "@bcat/crypto";
import { expect, test } from "vitest";
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
