/** The repository that version 0.1.0 wrote stays readable: by this version's check and restore. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadBlake3 } from "@bcat/crypto";
import { DATA, loadZstd } from "@bcat/pack";
import { type Environment, openRepository, unlockRepository } from "@bcat/repository";
import { check, contentSize, findSnapshot, listEntries, listSnapshots, readChunkReferences } from "@bcat/snapshot";
import { openLocalStorage } from "@bcat/storage";
import { afterAll, expect, test } from "vitest";

interface Expected {
  readonly snapshots: readonly {
    readonly number: number;
    readonly roots: readonly { readonly path: string; readonly entries: readonly Record<string, unknown>[] }[];
  }[];
}

const fixture = fileURLToPath(new URL("fixtures/repository-v1/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bcat-fixture-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(["auto", "off"] as const)(
  "the fixture checks clean and reads as it was written, accelerators %s",
  async (mode) => {
    // A copy, so that nothing can ever change the fixture.
    const copy = join(folder, mode);
    cpSync(join(fixture, "repository"), copy, { recursive: true });
    const storage = openLocalStorage(copy, { suffix: () => "unused" });
    const environment: Environment = {
      random: (length) => new Uint8Array(length),
      now: () => 0,
      host: "h",
      user: "u",
      zone: "UTC",
      clientId: new Uint8Array(16),
      programVersion: "test",
      cacheDirectory: undefined,
      location: copy,
      blake3: loadBlake3(mode),
      zstd: await loadZstd(mode),
    };
    const passphrase = readFileSync(join(fixture, "passphrase"), "utf8").trim();
    const { rootKey } = await unlockRepository(storage, { passphrase }, environment);
    await using repository = await openRepository(storage, rootKey, environment);
    expect(await check(repository, { readData: true })).toMatchObject({ damage: 0, notes: 0, snapshots: 3 });
    const expected: Expected = JSON.parse(readFileSync(join(fixture, "expected.json"), "utf8"));
    const snapshots = await listSnapshots(repository);
    expect(snapshots.map((info) => info.number)).toEqual(expected.snapshots.map(({ number }) => number));
    for (const [i, { number }] of snapshots.entries()) {
      const info = await findSnapshot(repository, String(number));
      const found = new Map<string, Record<string, unknown>>();
      for await (const { path, node } of listEntries(repository, info, undefined)) {
        const { mode: bits, uid, gid, mtimeSeconds, mtimeNanoseconds, content, target } = node;
        const mtimeNs = (BigInt(mtimeSeconds) * 1_000_000_000n + BigInt(mtimeNanoseconds)).toString();
        const entry: Record<string, unknown> = { mode: bits, uid, gid, mtimeNs };
        if (target !== undefined) entry.target = Buffer.from(target).toString("hex");
        if (content !== undefined) {
          const hash = createHash("sha256");
          if (content.kind === "inline") hash.update(content.bytes);
          for await (const chunks of readChunkReferences(repository, content)) {
            for (const chunk of chunks) hash.update(await repository.readChunk(DATA, chunk.id));
          }
          entry.size = contentSize(content);
          entry.sha256 = hash.digest("hex");
        }
        found.set(Buffer.from(path).toString("hex"), entry);
      }
      let count = 0;
      for (const root of expected.snapshots[i]!.roots) {
        for (const { path, type: _, ...entry } of root.entries) {
          const absolute = path === "" ? root.path : `${root.path}2f${path}`;
          expect(found.get(absolute)).toEqual(entry);
          count++;
        }
      }
      expect(found.size).toBe(count);
    }
  },
);
