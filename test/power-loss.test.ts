/** The model of a disk that loses its power, and some of the moments of power-loss.sweep.ts. */
import { openLocalStorage } from "@bcat/storage";
import { describeStorage } from "@bcat/storage/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { Scratch } from "./crash/scratch.js";
import { runSeed } from "./crash/seed.js";
import { Aftermath } from "./power-loss/aftermath.js";
import { cutEverywhere, newTally } from "./power-loss/cases.js";
import { RunningDisk } from "./power-loss/disk-file-system.js";
import { debtsAt, verify } from "./power-loss/verify.js";
import { createWorld, runScript } from "./power-loss/world.js";

const seed = runSeed();
const scratch = new Scratch("power-loss");
afterAll(() => scratch.remove());

describe.each([true, false])("the modelled disk (links: %s)", (hasLinks) => {
  describeStorage("local storage", async () => {
    const { fileSystem } = new RunningDisk(undefined, { hasLinks });
    let count = 0;
    const storage = openLocalStorage("/repository", { fileSystem, suffix: () => String(count++) });
    return { storage, dispose: async () => {} };
  });
});

test("Aftermath gives what was synced, and of the rest every part", async () => {
  const running = new RunningDisk();
  const { fileSystem } = running;
  const make = async (path: string, isSynced: boolean) => {
    const file = await fileSystem.open(path, "wx");
    await file.write(Buffer.from("text"), 0, 4, 0);
    if (isSynced) await file.sync();
  };
  await make("/synced", true);
  await (await fileSystem.openDirectory("/")).sync();
  await make("/torn", false);
  await make("/unnamed", true);
  const states = [...new Aftermath(new RunningDisk().disk, running.effects).disks(100, () => 0)].map((disk) => {
    const names = [...disk.directory(0).names].sort();
    return names.map(([name, id]) => `${name}=${Buffer.from(disk.file(id).bytes)}`).join(" ");
  });
  const torn = ["", " torn=", " torn=text", " torn=te", " torn=\0\0\0\0"];
  const expected = torn.flatMap((part) => [`synced=text${part}`, `synced=text${part} unnamed=text`]);
  expect([...new Set(states)].sort()).toEqual(expected.sort());
});

test(`what was committed is there after a power loss, at some moments (SEED=${seed})`, async () => {
  const tally = newTally();
  await cutEverywhere(await createWorld(scratch), { seed, stride: 70, statesMax: 2 }, tally);
  expect(tally.cuts).toBeGreaterThan(1);
  expect(tally.failures).toEqual([]);
});

test.each([
  ["file", /damaged|missing|cut short|is gone/],
  ["directory", /is gone/],
] as const)("a storage that syncs no %s is found out", async (ignoresSyncOf, message) => {
  const world = await createWorld(scratch, { ignoresSyncOf });
  const running = new RunningDisk(world.before, world.options);
  const debts = debtsAt(Number.POSITIVE_INFINITY, await runScript(world, { running }));
  const disk = new Aftermath(world.before, running.effects).disk(() => 0);
  await expect(verify(world, { disk, debts })).rejects.toThrow(message);
});
