/** `bcat list` and `bcat cat`: what lies in a repository, for whoever looks for a fault. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, linesOf } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;
const content = "a content that is long enough to be a chunk of its own. ".repeat(2_000);
const list = async (what: string) => linesOf(await desk.good(["list", what]));
const shown = async (...words: string[]) => JSON.parse(await desk.good(["cat", ...words]));
/** In a process of its own: bytes go past what the others catch. */
const bytesOf = async (...words: string[]) => (await desk.bcat(["cat", ...words], { unprivileged: true })).stdout;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/a": content });
  await desk.good(["backup", "--init", "-q", "--host", "h", "source"]);
  desk.write({ "source/b": "more" });
  await desk.good(["backup", "-q", "source"]);
  await desk.good(["pin", "2", "--note", "why"]);
  await desk.good(["forget", "1"]);
});
afterAll(() => desk[Symbol.dispose]());

test("list names what there is", async () => {
  expect(await list("snapshots")).toEqual(["2"]);
  expect((await list("sessions")).slice(0, 2)).toEqual(["1", "2"]);
  expect(await list("log")).toEqual(["1", "2"]);
  expect(await list("keys")).toEqual(["1"]);
  const files = desk.list().map((line) => line.split(" ")[0]!);
  expect(await list("packs")).toEqual(files.filter((name) => name.startsWith("packs/")));
  expect(await list("index")).toEqual(files.filter((name) => name.startsWith("index/")));
  const blobs = await list("blobs");
  for (const line of blobs) expect(line).toMatch(/^(data|tree) [0-9a-f]{32}$/);
  expect(await desk.json(["list", "blobs"])).toEqual(blobs);
});

test("cat shows records as JSON", async () => {
  expect(await shown("config")).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{32}$/), chunker: {} });
  const snapshot = await shown("snapshot", "latest");
  expect(snapshot).toMatchObject({ number: 2, complete: true, roots: [{ path: desk.path("source") }] });
  expect(await shown("session", "1")).toMatchObject({ kind: "backup", host: "h" });
  expect(await shown("outcome", "1")).toMatchObject({ kind: "snapshot", snapshot: { host: "h" } });
  expect(await shown("log", "2")).toMatchObject({ kind: "forget", snapshots: [1] });
  expect(await shown("log", "1")).toMatchObject({ kind: "pin", note: "why" });
  expect(await shown("key", "1")).toMatchObject({ number: 1, secret: { kind: "key-file" } });
});

test("cat writes the bytes of chunks and packs", async () => {
  const data = (await list("blobs")).filter((line) => line.startsWith("data ")).map((line) => line.slice(5));
  const chunks = await Promise.all(data.map((id) => bytesOf("blob", id)));
  expect(chunks.sort((a, b) => b.length - a.length).join("").length).toBe(content.length);
  const [tree] = (await list("blobs")).filter((line) => line.startsWith("tree "));
  expect((await bytesOf("tree", tree!.slice(5))).length).toBeGreaterThan(10);
  const [pack] = await list("packs");
  expect((await bytesOf("pack", pack!)).length).toBeGreaterThan(10);
});

test.each([
  [["cat", "everything"], 2, /say config, snapshot/],
  [["cat", "snapshot"], 2, /say which/],
  [["cat", "session", "99"], 1, /sessions\/0*99/],
  [["cat", "key", "7"], 1, /key list/],
  [["cat", "blob", "xyz"], 2, /32 to 64 digits/],
  [["cat", "blob", "0".repeat(64)], 1, /0000/],
  [["cat", "pack", "../config"], 2, /list packs/],
  [["list", "all"], 2, /say snapshots, packs/],
] as const)("%j is refused", async (words, code, says) => {
  expectRefusal(await desk.bcat(words), { code, says });
});
