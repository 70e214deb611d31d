import { isBcatError } from "@bcat/errors";
import { expect, test } from "vitest";
import { decideRegister } from "../registers.js";
import { announcementName, copyName, openCopies } from "./copies.js";
import { bytesOf, type Hook, id, once, textOf, World } from "./test-world.js";

const session = "sessions/0000000001";
const outcome = "outcomes/0000000001";
const changed = { code: "identity-changed" };

const isFinalPut = (kind: string, name: string) => kind === "objects.put" && name.endsWith(session);

test("a register is decided when its copy is in the repository, and not before", async () => {
  const world = await World.create();
  const storage = await world.open();
  await storage.putIfAbsent(session, bytesOf("a"));
  expect(world.copy(1, session)).toBe("a");
  expect(textOf(await storage.get(session))).toBe("a");
  const withoutCopy = await World.create();
  const fails: Hook = (kind) => {
    if (kind === "objects.put") throw new Error("no room");
  };
  await withoutCopy.open();
  const full = await withoutCopy.open(fails);
  await expect(full.putIfAbsent(session, bytesOf("a"))).rejects.toThrow("no room");
  await expect(full.get(session)).rejects.toThrow("no room");
});

test("a row that somebody else decided is copied before it is given", async () => {
  const world = await World.create();
  await world.open();
  await world.database.open(id).insert(1, session, bytesOf("a"));
  const storage = await world.open();
  expect(textOf(await storage.get(session))).toBe("a");
  expect(world.copy(1, session)).toBe("a");
  const error = await storage.putIfAbsent(session, bytesOf("b")).catch((thrown: unknown) => thrown);
  expect(isBcatError(error, "exists")).toBe(true);
});

test("a row that is copied already is not put again, and read once for each client", async () => {
  const world = await World.create();
  await (await world.open()).putIfAbsent(session, bytesOf("a"));
  const calls: string[] = [];
  const storage = await world.open((kind) => void calls.push(kind));
  calls.length = 0;
  await storage.get(session);
  // The first look at the copy, the second, and whether a newer generation was announced.
  expect(calls.sort()).toEqual(["objects.get", "objects.get", "objects.get", "table.get", "table.get"]);
  calls.length = 0;
  await storage.get(session);
  expect(calls).toEqual(["table.get"]);
});

test("a late copy of a value that went with the database never overwrites the one that was acknowledged", async () => {
  const world = await World.create();
  const restore = world.database.dump();
  let second: unknown;
  // The first is about to put its final copy when the database goes back, and the second decides the same register.
  const hook = once(isFinalPut, async () => {
    restore();
    const other = await world.open();
    second = await other.putIfAbsent(session, bytesOf("b")).then(
      () => "b",
      (error: unknown) => error,
    );
  });
  const first = await (await world.open(hook)).putIfAbsent(session, bytesOf("a")).then(
    () => "a",
    (error: unknown) => error,
  );
  expect(first).toMatchObject(changed);
  expect(second).toMatchObject(changed);
});

test("a value that the table has lost is not copied under the final name", async () => {
  const world = await World.create();
  const restore = world.database.dump();
  const hook = once((kind) => kind === "objects.list", restore);
  const storage = await world.open(hook);
  await expect(storage.putIfAbsent(session, bytesOf("a"))).rejects.toMatchObject(changed);
  expect(world.copy(1, session)).toBeUndefined();
});

test("what a repair has not seen is not acknowledged, though its copy was put", async () => {
  const world = await World.create();
  const storage = await world.open(once(isFinalPut, () => world.repair()));
  await expect(storage.putIfAbsent(session, bytesOf("a"))).rejects.toMatchObject(changed);
  expect(world.copy(1, session)).toBe("a");
  expect(await (await world.open()).get(session)).toBeUndefined();
});

test("a client of an older generation reads and decides nothing any more", async () => {
  const world = await World.create();
  const old = await world.open();
  await old.putIfAbsent(session, bytesOf("a"));
  await world.repair();
  await expect(old.get(session)).rejects.toMatchObject(changed);
  await expect(old.putIfAbsent(outcome, bytesOf("b"))).rejects.toMatchObject(changed);
  const storage = await world.open();
  expect(textOf(await storage.get(session))).toBe("a");
  expect(await storage.get(outcome)).toBeUndefined();
});

test.each<[string, (world: World) => unknown]>([
  ["emptied", (world) => world.database.empty()],
  ["closed", (world) => world.database.open(id).close("ff")],
])("a database that was %s is not used", async (_, disturb) => {
  const world = await World.create();
  await (await world.open()).putIfAbsent(session, bytesOf("a"));
  await disturb(world);
  await expect(world.open()).rejects.toMatchObject(changed);
});

test("a database that has other registers is not used, nor a repository that announces others", async () => {
  const world = await World.create();
  world.database.empty();
  await world.database.open(new Uint8Array(16)).create();
  await expect(world.open()).rejects.toMatchObject(changed);
  const other = await World.create();
  await other.objects.put(announcementName(1), new Uint8Array(16));
  await expect(other.open()).rejects.toMatchObject(changed);
});

test("a database that came back from before a repair is not used, also by a client that was open then", async () => {
  const world = await World.create();
  const restore = world.database.dump();
  const stalled = await world.open();
  await world.repair();
  restore();
  await expect(world.open()).rejects.toThrow("gone back in time");
  await expect(stalled.putIfAbsent(session, bytesOf("a"))).rejects.toThrow("gone back in time");
});

test("a row that is missing although the repository has its copy ends the run, at any time", async () => {
  const world = await World.create();
  const storage = await world.open();
  await storage.putIfAbsent(session, bytesOf("a"));
  world.database.lose(id, 1, session);
  await expect(storage.get(session)).rejects.toThrow("is missing, though the repository has a copy of it");
  await expect((await world.open()).get(session)).rejects.toMatchObject(changed);
  await expect(storage.putIfAbsent(session, bytesOf("b"))).rejects.toMatchObject(changed);
});

test("a row that is not what it was ends the run, though it was copied", async () => {
  const world = await World.create();
  const storage = await world.open();
  await storage.putIfAbsent(session, bytesOf("a"));
  world.database.lose(id, 1, session);
  await world.database.open(id).insert(1, session, bytesOf("b"));
  await expect(storage.get(session)).rejects.toThrow("is not what it was");
  await expect((await world.open()).get(session)).rejects.toThrow("is not what its copy in the repository says");
});

test("a copy that others are about to put once more, and that shows in part meanwhile, is read again", async () => {
  const world = await World.create();
  await (await world.open()).putIfAbsent(session, bytesOf("whole"));
  const copy = copyName(1, session);
  let looks = 0;
  const storage = await world.open(async (kind, name) => {
    if (kind !== "objects.get" || name !== copy) return;
    looks++;
    await world.objects.put(copy, bytesOf(looks < 4 ? "who" : "whole"));
  });
  expect(textOf(await storage.get(session))).toBe("whole");
  expect(looks).toBe(4);
});

test("a register whose row was decided between two looks is given", async () => {
  const world = await World.create();
  const decideElsewhere = async () => await (await world.open()).putIfAbsent(session, bytesOf("a"));
  const storage = await world.open(
    once((kind, name) => kind === "objects.get" && name.endsWith(session), decideElsewhere),
  );
  expect(textOf(await storage.get(session))).toBe("a");
});

test("what opens a generation announces it first", async () => {
  const world = await World.create();
  const order: string[] = [];
  await (await world.open((kind, name) => void order.push(`${kind} ${name}`))).putIfAbsent(session, bytesOf("a"));
  expect(order.indexOf(`objects.put ${announcementName(1)}`)).toBeGreaterThanOrEqual(0);
  expect(order.indexOf(`objects.put ${announcementName(1)}`)).toBeLessThan(order.indexOf(`table.insert ${session}`));
});

test("two clients that decide at once copy one value", async () => {
  const world = await World.create();
  const clients = await Promise.all(["a", "b", "c", "d"].map(async (text) => ({ text, storage: await world.open() })));
  const settled = await Promise.allSettled(
    clients.map(({ text, storage }) => storage.putIfAbsent(session, bytesOf(text))),
  );
  const won = clients.filter((_, i) => settled[i]?.status === "fulfilled").map(({ text }) => text);
  expect(won.length).toBe(1);
  expect(world.copy(1, session)).toBe(won[0]);
  expect(world.names().filter((name) => name.startsWith(`${copyName(1, session)}-`)).length).toBe(1);
});

test("copies can be read without the registers, and nothing can be decided then", async () => {
  const world = await World.create();
  await (await world.open()).putIfAbsent(session, bytesOf("a"));
  await world.objects.put("packs/ab/object", bytesOf("p"));
  const storage = await openCopies(world.objects, { kind: "postgres", id }, "here");
  expect(textOf(await storage.get(session))).toBe("a");
  expect(await storage.get(outcome)).toBeUndefined();
  await expect(storage.putIfAbsent(outcome, bytesOf("b"))).rejects.toMatchObject({ code: "usage" });
  const names: string[] = [];
  for await (const { name } of storage.list!("")) names.push(name);
  expect(names.sort()).toEqual(["packs/ab/object", session]);
});

test("a register that is there already, and is gone when it is read, ends the run: the next number would leave a hole", async () => {
  const world = await World.create();
  const restore = world.database.dump();
  let isTaken = false;
  const storage = await world.open(once((kind) => isTaken && kind === "table.get", restore));
  await world.database.open(id).insert(1, session, bytesOf("theirs"));
  isTaken = true;
  await expect(decideRegister(storage, session, bytesOf("mine"))).rejects.toMatchObject(changed);
});
