import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keptScanSizeMax } from "./kept-scans.js";
import { TestRepository, withoutCache } from "./test-repository.js";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const [root, content, stream] = [bytes("/root"), bytes("content"), bytes("stream")];

let folder: string;
let world: TestRepository;

beforeEach(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), "bcat-kept-scans-"));
  world = await TestRepository.create({ cacheDirectory: folder });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** What the next process does. */
async function keep(path = root, of = content, what = stream, changes = {}): Promise<void> {
  await using repository = await world.open(changes);
  repository.keptScans.keep(path, of, what);
}
async function read(path = root, of = content, changes = {}): Promise<Uint8Array | undefined> {
  await using repository = await world.open(changes);
  return repository.keptScans.read(path, of);
}

/** Paths of the files that scans are kept in. */
function files(): string[] {
  const [id] = fs.readdirSync(folder).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const [place] = id === undefined ? [] : fs.readdirSync(join(folder, id));
  const scans = join(folder, id ?? "none", place ?? "none", "scans");
  return fs.existsSync(scans) ? fs.readdirSync(scans).map((name) => join(scans, name)) : [];
}

test("a stream is read by the next process, for its root and its content only", async () => {
  await keep();
  expect(await read()).toEqual(stream);
  expect(await read(bytes("/other"))).toBeUndefined();
  expect(await read(root, bytes("other content"))).toBeUndefined();
});

test("the newest stream of a root takes the place of the one before", async () => {
  await keep();
  await keep(root, bytes("new content"), bytes("new stream"));
  expect(await read()).toBeUndefined();
  expect(await read(root, bytes("new content"))).toEqual(bytes("new stream"));
  expect(files()).toHaveLength(1);
});

test("what is there already is not written again", async () => {
  await keep();
  const before = fs.readFileSync(files()[0]!);
  await using repository = await world.open();
  expect(repository.keptScans.read(root, content)).toEqual(stream);
  repository.keptScans.keep(root, content, stream);
  expect(fs.readFileSync(files()[0]!)).toEqual(before);
});

test("a file that is damaged, cut off or of another root counts as none", async () => {
  await keep();
  await keep(bytes("/other"));
  const [path, other] = files() as [string, string];
  const whole = fs.readFileSync(path);
  for (let length = 0; length < whole.length; length += 7) {
    fs.writeFileSync(path, whole.subarray(0, length));
    expect([await read(), await read(bytes("/other"))].filter(Boolean)).toHaveLength(1);
  }
  for (let at = 0; at < whole.length; at += 7) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1;
    fs.writeFileSync(path, flipped);
    expect([await read(), await read(bytes("/other"))].filter(Boolean)).toHaveLength(1);
  }
  fs.writeFileSync(path, fs.readFileSync(other));
  expect([await read(), await read(bytes("/other"))].filter(Boolean)).toHaveLength(1);
});

test("a stream that is too long is not kept", async () => {
  await keep(root, content, new Uint8Array(keptScanSizeMax + 1));
  expect(files()).toEqual([]);
  await keep(root, content, new Uint8Array(keptScanSizeMax));
  expect(await read()).toHaveLength(keptScanSizeMax);
});

test("of more than 64 MiB the oldest go", async () => {
  await using repository = await world.open();
  for (let i = 0; i < 10; i++) {
    repository.keptScans.keep(bytes(`/${i}`), content, new Uint8Array(keptScanSizeMax));
    for (const file of files()) {
      const { mtimeMs } = fs.statSync(file);
      fs.utimesSync(file, mtimeMs / 1000 - 60, mtimeMs / 1000 - 60);
    }
  }
  expect(files()).toHaveLength(7);
  const left = Array.from({ length: 10 }, (_, i) => repository.keptScans.read(bytes(`/${i}`), content) !== undefined);
  expect(left).toEqual([false, false, false, ...Array(7).fill(true)]);
});

test("without a cache, or in a folder that cannot be written to, nothing is kept and nothing fails", async () => {
  await keep(root, content, stream, withoutCache);
  expect(files()).toEqual([]);
  const file = join(folder, "file");
  fs.writeFileSync(file, "");
  await keep(root, content, stream, { cacheDirectory: join(file, "below") });
  expect(await read(root, content, { cacheDirectory: join(file, "below") })).toBeUndefined();
});
