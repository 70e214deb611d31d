/**
 * What every table of registers must do, as one vitest suite. Reached as `@bcat/storage/conformance`; it imports vitest,
 * so nothing but tests may import it.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf } from "../code-of.js";
import type { RegisterTable } from "./register-table.js";

export interface TablesUnderTest {
  /** A table as one more client has it; those of one id are one table, and all ids of a test are its own. */
  readonly open: (id: Uint8Array) => RegisterTable;
  readonly dispose: () => Promise<void>;
}

const racerCount = 16;
const session = "sessions/0000000001";

/** Registers the suite under `name`. */
export function describeRegisterTable(name: string, create: () => Promise<TablesUnderTest>): void {
  describe(name, () => {
    let current: TablesUnderTest;
    let table: RegisterTable;
    const opened: RegisterTable[] = [];
    const open = (id = 1) => {
      const one = current.open(new Uint8Array(16).fill(id));
      opened.push(one);
      return one;
    };
    beforeEach(async () => {
      current = await create();
      table = open();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
      await current.dispose();
    });
    describeRows(() => table, open);
    describeRepairs(() => table, open);
  });
}

function describeRows(table: () => RegisterTable, open: (id?: number) => RegisterTable): void {
  test("a table that was not created has no state, and gives and takes nothing", async () => {
    expect(await table().state()).toBeUndefined();
    expect(await codeOf(table().get(1, session))).toBe("identity-changed");
    expect(await codeOf(table().insert(1, session, bytes(1)))).toBe("identity-changed");
    expect(await table().state()).toBeUndefined();
  });

  test("create() opens generation 1 for all clients, and can be repeated", async () => {
    await table().create();
    await open().create();
    expect(await open().state()).toEqual({ generation: 1, isOpen: true });
    expect(await open().get(1, session)).toBeUndefined();
  });

  test("create() by several clients at once", async () => {
    await Promise.all(Array.from({ length: 4 }, () => open().create()));
    expect(await table().state()).toEqual({ generation: 1, isOpen: true });
  });

  test.each([0, 1, 300, 100_000])("get() gives the %i bytes that insert() took", async (size) => {
    await table().create();
    await table().insert(1, session, bytes(size));
    expect(await open().get(1, session)).toEqual(bytes(size));
  });

  test("insert() decides once, also against an equal value", async () => {
    await table().create();
    await table().insert(1, session, bytes(1));
    expect(await codeOf(open().insert(1, session, bytes(2)))).toBe("exists");
    expect(await codeOf(table().insert(1, session, bytes(1)))).toBe("exists");
    expect(await table().get(1, session)).toEqual(bytes(1));
  });

  test("insert() lets exactly one of many clients win, in each of many rows", async () => {
    await table().create();
    const clients = Array.from({ length: racerCount }, () => open());
    for (let round = 1; round <= 10; round++) {
      const name = `log/${String(round).padStart(10, "0")}`;
      const codes = await Promise.all(clients.map((client, i) => codeOf(client.insert(1, name, bytes(100 + i)))));
      expect(codes.filter((code) => code === "exists").length).toBe(racerCount - 1);
      expect(await table().get(1, name)).toEqual(bytes(100 + codes.indexOf(undefined)));
    }
  });

  test("another id and another generation have rows of their own", async () => {
    await table().create();
    await open(2).create();
    await table().insert(1, session, bytes(1));
    expect(await open(2).get(1, session)).toBeUndefined();
    expect(await codeOf(table().get(2, session))).toBe("identity-changed");
    expect(await codeOf(table().insert(2, session, bytes(1)))).toBe("identity-changed");
  });

  test("an aborted signal ends a call, and nothing is decided", async () => {
    await table().create();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(table().insert(1, session, bytes(1), { signal })).rejects.toThrow("enough");
    expect(await table().get(1, session)).toBeUndefined();
  });
}

function describeRepairs(table: () => RegisterTable, open: (id?: number) => RegisterTable): void {
  const rows = [
    { name: session, bytes: bytes(10) },
    { name: "outcomes/0000000001", bytes: bytes(20) },
  ];

  test("close() ends the generation for all who use it", async () => {
    const other = open();
    await table().create();
    await other.insert(1, session, bytes(1));
    expect(await table().close("aa")).toBe(1);
    expect(await table().close("aa")).toBe(1);
    expect(await codeOf(other.get(1, session))).toBe("identity-changed");
    expect(await codeOf(other.insert(1, "log/0000000001", bytes(1)))).toBe("identity-changed");
    expect(await other.state()).toEqual({ generation: 1, isOpen: false });
  });

  test.each([2, 5])("open() shows the rows of generation %i, and only those", async (generation) => {
    await table().create();
    await table().insert(1, "sessions/0000000009", bytes(1));
    await table().close("aa");
    await table().claim("aa", generation, 1);
    await table().fill("aa", generation, rows);
    expect(await codeOf(open().get(generation, session))).toBe("identity-changed");
    await table().open("aa", generation);
    expect(await open().state()).toEqual({ generation, isOpen: true });
    expect(await open().get(generation, session)).toEqual(bytes(10));
    expect(await open().get(generation, "sessions/0000000009")).toBeUndefined();
    expect(await codeOf(open().get(1, session))).toBe("identity-changed");
    expect(await codeOf(open().insert(generation, session, bytes(3)))).toBe("exists");
  });

  test("close(), claim(), fill() and open() make a table where there is none, and each can be repeated", async () => {
    expect(await table().close("aa")).toBe(0);
    for (let i = 0; i < 2; i++) await table().claim("aa", 3, 0);
    for (let i = 0; i < 2; i++) await table().fill("aa", 3, rows);
    for (let i = 0; i < 2; i++) await table().open("aa", 3);
    expect(await open().get(3, session)).toEqual(bytes(10));
  });

  test("a repair that was overtaken claims, fills and opens nothing any more", async () => {
    await table().create();
    await table().close("aa");
    await table().claim("aa", 2, 1);
    const other = open();
    expect(await other.close("bb")).toBe(2);
    for (const late of [() => table().fill("aa", 2, rows), () => table().open("aa", 2)])
      expect(await codeOf(late())).toBe("identity-changed");
    await other.claim("bb", 3, 2);
    await other.open("bb", 3);
    expect(await open().state()).toEqual({ generation: 3, isOpen: true });
    expect(await codeOf(table().open("aa", 2))).toBe("identity-changed");
    expect(await open().state()).toEqual({ generation: 3, isOpen: true });
  });

  test.each([3, 6])(
    "a repair that claims %i when another has opened 2 since it closed goes no further",
    async (generation) => {
      await table().create();
      const other = open();
      await table().close("aa");
      await other.close("bb");
      const late = await codeOf(other.claim("bb", 2, 1).then(() => other.open("bb", 2)));
      expect(late).toBeUndefined();
      expect(await codeOf(table().claim("aa", generation, 1))).toBe("identity-changed");
      expect(await open().state()).toEqual({ generation: 2, isOpen: true });
      await open().insert(2, session, bytes(1));
      // A call of its own that had been on its way closes that, too.
      await table().close("aa");
      expect(await codeOf(table().claim("aa", generation, 1))).toBe("identity-changed");
    },
  );

  test("of two repairs that claim the same generation at most one goes on", async () => {
    await table().create();
    const other = open();
    await Promise.all([table().close("aa"), other.close("bb")]);
    const claims = await Promise.all([codeOf(table().claim("aa", 2, 1)), codeOf(other.claim("bb", 2, 1))]);
    expect(claims.filter((code) => code === undefined).length).toBeLessThanOrEqual(1);
    expect(claims).toContain("identity-changed");
  });
}

function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) & 0xff);
}
