/** The storage over a Tahoe-LAFS gateway: the conformance suite, its directories, and what goes wrong. */
import { describeStorage } from "@bcat/storage/conformance";
import { openTahoeStorage } from "@bcat/storage/tahoe";
import { createAgents } from "@bcat/storage/wire";
import { afterEach, describe, expect, test } from "vitest";
import { startTahoeServer } from "./servers/tahoe-server.js";
import { wireClock } from "./servers/wire-clock.js";

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function start() {
  const server = await startTahoeServer();
  const agents = createAgents({ clock: wireClock });
  const open = () => openTahoeStorage({ url: new URL(`${server.url}/`), location: "tahoe:here", agents });
  const dispose = async () => {
    agents.close();
    await server[Symbol.asyncDispose]();
  };
  return { server, open, storage: open(), dispose };
}

async function startKept() {
  const started = await start();
  toClose.push(started.dispose);
  return started;
}

describeStorage("Tahoe-LAFS (a small gateway)", start);

const bytes = Uint8Array.of(1, 2, 3);

describe("openTahoeStorage()", () => {
  test("makes a directory once, before what lies in it", async () => {
    const { server, storage } = await startKept();
    await Promise.all(["1", "2", "3"].map((name) => storage.put(`packs/ab/${name}`, bytes)));
    expect(server.requests.slice(0, 4)).toEqual(["GET ", "POST ", "GET packs", "POST packs"]);
    expect(server.requests.slice(4).sort()).toEqual(["PUT packs/ab/1", "PUT packs/ab/2", "PUT packs/ab/3"]);
  });

  test("loses nothing when many clients write into new directories at once", async () => {
    const { open } = await startKept();
    const names = Array.from({ length: 16 }, (_, client) => `packs/ab/${client}`);
    await Promise.all(names.map((name) => open().put(name, bytes)));
    const storage = open();
    for (const name of names) expect(await storage.get(name)).toHaveLength(3);
  });

  test("makes no directory that is there already", async () => {
    const { server, open } = await startKept();
    await open().put("packs/ab/1", bytes);
    server.requests.length = 0;
    await open().put("packs/ab/2", bytes);
    expect(server.requests).toEqual(["GET ", "GET packs", "PUT packs/ab/2"]);
  });

  test.each([
    [
      410,
      "NotEnoughSharesError: …",
      "too few shares of it are found; are storage servers away? (NotEnoughSharesError)",
      false,
    ],
    [410, "UnrecoverableFileError", "too few good shares of it are found", false],
    [410, "NoSharesError", "no shares of it are found", false],
    [500, "…\nallmydata.interfaces.UploadUnhappinessError: x", "too few storage servers take shares", false],
    [
      500,
      "allmydata.mutable.common.UncoordinatedWriteError",
      "all writers must use one (UncoordinatedWriteError)",
      false,
    ],
    [500, "NotWriteableError", "the cap is for reading only (NotWriteableError)", true],
    [500, "builtins.OddError: URI:DIR2:secret", "it failed (status 500): OddError", false],
    [400, "…", "it answers so (status 400)", true],
    [507, "…", "it has no space left (status 507)", true],
  ])("tells status %i with %j in words", async (status, text, words, isFinal) => {
    const { server, storage } = await startKept();
    for (const [verb, call] of [
      ["read", () => storage.get("config")],
      ["write", () => storage.putIfAbsent("config", bytes)],
    ] as const) {
      server.faults.push({ status, text });
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "storage-failed", isFinal });
      expect((error as Error).message).toContain(`Cannot ${verb} "config" in tahoe:here: `);
      expect((error as Error).message).toContain(words);
      expect((error as Error).message).not.toContain("secret");
    }
  });

  test("says that what it was given is no directory", async () => {
    const { server } = await startKept();
    const agents = createAgents({ clock: wireClock });
    const open = (url: string) => openTahoeStorage({ url: new URL(url), location: "tahoe:here", agents });
    await expect(open(server.url.replace(/URI:DIR2:.{4}/, "URI:DIR2:")).get("config")).rejects.toThrow(
      'Cannot read "config" in tahoe:here: the cap is not whole (BadURIError)',
    );
    server.faults.push({ status: 200, text: "<html>" });
    await expect(open(server.url).put("a/b", bytes)).rejects.toThrow("it is no directory of Tahoe-LAFS");
    agents.close();
  });

  test("lists in ascending order", async () => {
    const { storage } = await startKept();
    const names = ["a/1", "a-b", "a0/x", "a1", "b"];
    for (const name of names) await storage.put(name, bytes);
    const listed: string[] = [];
    for await (const { name } of storage.list!("")) listed.push(name);
    expect(listed).toEqual([...names].sort());
  });

  test("tries a directory again that could not be made", async () => {
    const { server, storage } = await startKept();
    server.faults.push({ status: 200, text: '["dirnode",{"children":{}}]' }, { status: 500, text: "" });
    await expect(storage.put("packs/1", bytes)).rejects.toMatchObject({ code: "storage-failed", isFinal: false });
    await storage.put("packs/1", bytes);
    expect(await storage.get("packs/1")).toHaveLength(3);
  });
});
