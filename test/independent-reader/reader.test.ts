/** The fixture reads with what `docs/format.md` says, and with nothing else. */

import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sliceOf } from "../kit/long-run.js";
import { type RestoredEntry, type RestoredSnapshot, restoreRepository } from "./reader.js";

interface Expected {
  readonly snapshots: readonly {
    readonly number: number;
    readonly host: string;
    readonly tags: readonly string[];
    readonly roots: readonly { readonly path: string; readonly entries: readonly ExpectedEntry[] }[];
  }[];
}

interface ExpectedEntry {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: string;
  readonly size?: number;
  readonly sha256?: string;
  readonly target?: string;
}

const fixture = fileURLToPath(new URL("../fixtures/repository-v1/", import.meta.url));
const passphrase = readFileSync(join(fixture, "passphrase"), "utf8");
const expected = JSON.parse(readFileSync(join(fixture, "expected.json"), "utf8")) as Expected;

describe("repository-v1", () => {
  let snapshots: RestoredSnapshot[];
  beforeAll(async () => {
    snapshots = await restoreRepository(join(fixture, "repository"), passphrase);
  });

  test("has the expected snapshots", () => {
    expect(snapshots.map(({ number, host, tags }) => ({ number, host, tags }))).toEqual(
      expected.snapshots.map(({ number, host, tags }) => ({ number, host, tags })),
    );
  });

  for (const { number, roots } of expected.snapshots)
    test(`snapshot ${number} restores every entry`, () => {
      const restored = snapshots.find((snapshot) => snapshot.number === number)?.roots;
      expect(restored?.map((root) => root.path.toString("hex"))).toEqual(roots.map((root) => root.path));
      for (const [position, root] of roots.entries())
        expect(restored?.[position]?.entries.map(describeEntry)).toEqual(root.entries);
    });

  test("another passphrase is refused", async () => {
    await expect(restoreRepository(join(fixture, "repository"), `${passphrase}x`)).rejects.toThrow("no key slot opens");
  });
});

describe("repository-v1 with one byte flipped", () => {
  const folder = mkdtempSync(join(tmpdir(), "bcat-reader-"));
  const copy = join(folder, "repository");
  cpSync(join(fixture, "repository"), copy, { recursive: true });
  afterAll(() => rmSync(folder, { recursive: true }));

  const names = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name));
  for (const path of names)
    test(`refuses ${path.slice(copy.length + 1)}`, async () => {
      const object = readFileSync(path);
      try {
        for (const offset of sliceOf([object.length >> 1, object.length - 1])) {
          const damaged = Buffer.from(object);
          damaged[offset]! ^= 1;
          writeFileSync(path, damaged);
          await expect(restoreRepository(copy, passphrase), `offset ${offset}`).rejects.toThrow();
        }
      } finally {
        writeFileSync(path, object);
      }
    });
});

function describeEntry(entry: RestoredEntry): ExpectedEntry {
  const { path, type, mode, uid, gid, mtimeNs, content, target } = entry;
  return {
    path: path.toString("hex"),
    type,
    mode,
    uid,
    gid,
    mtimeNs: mtimeNs.toString(),
    ...(content && { size: content.length, sha256: createHash("sha256").update(content).digest("hex") }),
    ...(target && { target: target.toString("hex") }),
  };
}
