import { expect, test } from "vitest";
import { announcementName, copyName, openCopies } from "./copies.js";
import { bytesOf, cuttingShort, type Hook, id, once, textOf, World } from "./test-world.js";

const changed = { code: "identity-changed" };
const name = (sequence: string, number: number) => `${sequence}/${String(number).padStart(10, "0")}`;

/** Registers as `sessions` sessions leave them, of which every second has an outcome, and three log records. */
async function fill(world: World, sessions: number): Promise<Map<string, string>> {
  const decided = new Map<string, string>();
  const storage = await world.open();
  const decide = async (register: string) => {
    await storage.putIfAbsent(register, bytesOf(`value of ${register}`));
    decided.set(register, `value of ${register}`);
  };
  for (let number = 1; number <= sessions; number++) {
    await decide(name("sessions", number));
    if (number % 2 === 0) await decide(name("outcomes", number));
  }
  for (let number = 1; number <= 3; number++) await decide(name("log", number));
  return decided;
}

async function expectAll(world: World, decided: ReadonlyMap<string, string>): Promise<void> {
  const storage = await world.open();
  for (const [register, value] of decided) expect(textOf(await storage.get(register))).toBe(value);
}

test.each([0, 1, 31, 32, 33, 70])("a database that was lost has all of %i sessions again", async (sessions) => {
  const world = await World.create();
  const decided = await fill(world, sessions);
  world.database.empty();
  const { generation, rows } = await world.repair();
  expect(generation).toBe(2);
  expect(rows).toEqual({ sessions, outcomes: Math.floor(sessions / 2), log: 3 });
  await expectAll(world, decided);
  await (await world.open()).putIfAbsent(name("sessions", sessions + 1), bytesOf("next"));
});

test("a listing that is old or empty hides nothing that is there", async () => {
  const world = await World.create();
  const decided = await fill(world, 40);
  world.database.empty();
  const { list } = world.objects;
  (world.objects as { list: unknown }).list = async function* () {};
  await world.repair();
  (world.objects as { list: unknown }).list = list;
  await expectAll(world, decided);
});

test("nothing can be decided while a repair reads the copies", async () => {
  const world = await World.create();
  const decided = await fill(world, 2);
  const late = await world.open();
  let outcome: unknown;
  const isReading = (kind: string, object: string) =>
    kind === "objects.get" && object === copyName(1, name("outcomes", 2));
  await world.repair(
    once(isReading, async () => {
      outcome = await late.putIfAbsent(name("sessions", 3), bytesOf("late")).catch((error: unknown) => error);
    }),
  );
  expect(outcome).toMatchObject(changed);
  await expectAll(world, decided);
});

/** All of it is in the copies that are announced, where no table is at hand. */
async function expectShown(world: World, decided: ReadonlyMap<string, string>): Promise<void> {
  const copies = await openCopies(world.objects, { kind: "postgres", id }, "there");
  for (const [register, value] of decided) expect(textOf(await copies.get(register))).toBe(value);
}

const diesFilling: Hook = (kind) => {
  if (kind === "table.fill") throw new Error("dies");
};

test.each([0, 3])(
  "a repair can die at any step, also after %i others, and the next one loses nothing",
  async (dead) => {
    for (let step = 0; ; step++) {
      const world = await World.create();
      const decided = await fill(world, 4);
      for (let i = 0; i < dead; i++) await expect(world.repair(diesFilling)).rejects.toThrow("dies");
      if (step % 2 === 0) world.database.empty();
      let left = step;
      const dies: Hook = () => {
        if (left-- <= 0) throw new Error("dies");
      };
      const ended = await world.repair(dies).then(
        () => true,
        () => false,
      );
      const opened = await world.open().catch(() => undefined);
      if (opened === undefined) await world.repair();
      await expectAll(world, decided);
      await (await world.open()).putIfAbsent(name("sessions", 5), bytesOf("next"));
      await expectShown(world, decided.set(name("sessions", 5), "next"));
      world.database.empty();
      await world.repair();
      await expectAll(world, decided);
      await expectShown(world, decided);
      if (ended) break;
    }
  },
);

test("a generation is announced when the table is open with it, and not before", async () => {
  const world = await World.create();
  await fill(world, 1);
  const isThere = async () => (await world.objects.get(announcementName(2))) !== undefined;
  const seen: boolean[] = [];
  const hook: Hook = async (kind) => {
    if (kind === "table.open") seen.push(await isThere());
  };
  await world.repair(hook);
  expect([...seen, await isThere()]).toEqual([false, true]);
});

test("who opens a generation that its repair did not announce announces it, and all that were passed over", async () => {
  const world = await World.create();
  const decided = await fill(world, 2);
  const diesBefore =
    (call: string): Hook =>
    (kind, object) => {
      if (kind === call && (call.startsWith("table.") || object.endsWith("/meta"))) throw new Error("dies");
    };
  for (let i = 0; i < 3; i++) await expect(world.repair(diesBefore("table.fill"))).rejects.toThrow("dies");
  await expect(world.repair(diesBefore("objects.put"))).rejects.toThrow("dies");
  expect(await world.objects.get(announcementName(2))).toBeUndefined();
  await expectAll(world, decided);
  for (let generation = 2; generation <= 5; generation++)
    expect(await world.objects.get(announcementName(generation))).toBeDefined();
});

test("what a repair has announced before it died is never newer than what others wrote after a database went back", async () => {
  const world = await World.create();
  const decided = await fill(world, 2);
  const restore = world.database.dump();
  await expect(world.repair(diesFilling)).rejects.toThrow("dies");
  let announcements = 0;
  const diesAnnouncing: Hook = (kind, object) => {
    if (kind === "objects.put" && object.endsWith("/meta") && ++announcements === 2) throw new Error("dies");
  };
  await expect(world.repair(diesAnnouncing)).rejects.toThrow("dies");
  restore();
  await (await world.open()).putIfAbsent(name("sessions", 3), bytesOf("next"));
  decided.set(name("sessions", 3), "next");
  restore();
  await world.repair();
  await expectAll(world, decided);
  await expectShown(world, decided);
});

test.each(["repair", "writer"])(
  "a %s does not announce what a database has lost that goes back meanwhile",
  async (who) => {
    const world = await World.create();
    const decided = await fill(world, 2);
    const restore = world.database.dump();
    const backup = async () => {
      restore();
      await (await world.open()).putIfAbsent(name("sessions", 3), bytesOf("told to somebody"));
      decided.set(name("sessions", 3), "told to somebody");
    };
    let isOpened = who === "writer";
    const goesBack = once((kind) => {
      const isAfter = isOpened && kind === "objects.get";
      isOpened ||= kind === "table.open";
      return isAfter;
    }, backup);
    if (who === "writer") {
      const diesAnnouncing: Hook = (kind, object) => {
        if (kind === "objects.put" && object.endsWith("/meta")) throw new Error("dies");
      };
      await expect(world.repair(diesAnnouncing)).rejects.toThrow("dies");
    }
    await expect(who === "repair" ? world.repair(goesBack) : world.open(goesBack)).rejects.toMatchObject(changed);
    await expectShown(world, decided);
    await world.repair();
    await expectAll(world, decided);
  },
);

test.each(["short", "of another repository"])("an announcement that is %s makes no generation", async (found) => {
  const world = await World.create();
  const decided = await fill(world, 2);
  await world.objects.put(announcementName(50), found === "short" ? bytesOf("short") : new Uint8Array(16).fill(8));
  expect(await world.repair()).toMatchObject({ generation: 2 });
  await expectAll(world, decided);
  await expectShown(world, decided);
});

test("an announcement of which a part is there is read again", async () => {
  const world = await World.create();
  const decided = await fill(world, 2);
  await world.repair();
  await world.objects.put(announcementName(2), id.slice(0, 3));
  let reads = 0;
  await world.open(async (kind, object) => {
    if (kind === "objects.get" && object === announcementName(2) && ++reads === 3)
      await world.objects.put(announcementName(2), id);
  });
  await expectAll(world, decided);
});

test("a database that says it is in a generation beyond all is not believed", async () => {
  const world = await World.create();
  await fill(world, 2);
  const table = world.database.open(id);
  await table.claim("aa", 9_999_999_999, await table.close("aa"));
  await table.open("aa", 9_999_999_999);
  await expect(world.open()).rejects.toMatchObject(changed);
});

test("an object that lies below registers/ by chance does not make generations of all numbers up to its own", async () => {
  const world = await World.create();
  const decided = await fill(world, 2);
  await world.objects.put(announcementName(9_999_999_999), id);
  expect(await world.repair()).toMatchObject({ generation: 2 });
  await expectAll(world, decided);
});

test("of two repairs at once at least one goes on, and nothing is lost", async () => {
  const world = await World.create();
  const decided = await fill(world, 5);
  world.database.empty();
  const settled = await Promise.allSettled([world.repair(), world.repair()]);
  for (const one of settled) if (one.status === "rejected") expect(one.reason).toMatchObject(changed);
  expect(settled.some(({ status }) => status === "fulfilled")).toBe(true);
  await expectAll(world, decided);
});

test("a copy that is missing in between stops a repair, and the table stays closed", async () => {
  const world = await World.create();
  await fill(world, 5);
  await world.objects.delete!(copyName(1, name("sessions", 3)));
  await expect(world.repair()).rejects.toMatchObject({ code: "corrupt", object: copyName(1, name("sessions", 3)) });
  await expect(world.open()).rejects.toMatchObject(changed);
  await world.objects.put(copyName(1, name("sessions", 3)), bytesOf(`value of ${name("sessions", 3)}`));
  await world.repair();
  await world.open();
});

test("a copy that arrives cut short is read again", async () => {
  const world = await World.create();
  const decided = await fill(world, 4);
  world.database.empty();
  Object.assign(world.objects, cuttingShort({ ...world.objects }, copyName(1, name("outcomes", 2))));
  await world.repair();
  expect(world.copy(2, name("outcomes", 2))).toBe(`value of ${name("outcomes", 2)}`);
  await expectAll(world, decided);
});

test("a copy that is damaged itself is copied as it is, and the others with it", async () => {
  const world = await World.create();
  await fill(world, 4);
  await world.objects.put(copyName(1, name("outcomes", 2)), bytesOf("value"));
  expect(await world.repair()).toMatchObject({ generation: 2, rows: { sessions: 4, outcomes: 2 } });
  expect(world.copy(2, name("outcomes", 2))).toBe("value");
});

test("registers that were made anew from a copy are not taken for those of the original, which shows all it had", async () => {
  const world = await World.create();
  const decided = await fill(world, 4);
  expect(await world.repairFromCopy()).toMatchObject({ generation: 2 });
  await expect(world.open()).rejects.toMatchObject({ ...changed, message: expect.stringContaining("another copy") });
  expect(await world.objects.get(announcementName(2))).toBeUndefined();
  await world.repair();
  await expectAll(world, decided);
});
