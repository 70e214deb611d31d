/** Changes a repository behind its back. */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeRecord, readFields } from "@bcat/codec";
import { loadBlake3, ObjectType, openObject, RepositoryKeys, sealObject } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { type Environment, unlockRepository } from "@bcat/repository";
import { openLocalStorage } from "@bcat/storage";
import type { Desk } from "./desk.js";

/** Rewrites an object. Storages make their objects read-only, so it is removed first. */
export function change(desk: Desk, name: string, edit: (bytes: Buffer) => Uint8Array): void {
  const path = join(desk.repository, name);
  const bytes = edit(readFileSync(path));
  rmSync(path);
  writeFileSync(path, bytes);
}

/** Flips a bit of the byte at `offset`, counted from the end when it is negative. */
export function flip(desk: Desk, name: string, offset: number): void {
  change(desk, name, (bytes) => {
    bytes[offset < 0 ? bytes.length + offset : offset]! ^= 1;
    return bytes;
  });
}

/** The largest object below a folder of the repository: of `packs`, that of data. */
export function largest(desk: Desk, folder: string): string {
  const lines = desk.list().filter((line) => line.startsWith(`${folder}/`));
  const named = lines.map((line) => line.split(" ") as [string, string]);
  return named.sort((a, b) => Number(b[1]) - Number(a[1]))[0]![0];
}

/** Seals an outcome again, with a field in it that this version does not know. */
export async function addUnknownField(desk: Desk, number: number, critical: boolean): Promise<void> {
  const name = `outcomes/${String(number).padStart(10, "0")}`;
  const blake3 = await loadBlake3("auto");
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const storage = openLocalStorage(desk.repository, { suffix: () => "test" });
  const environment: Environment = {
    random,
    now: () => 0,
    host: "",
    user: "",
    zone: "",
    clientId: new Uint8Array(16),
    programVersion: "test",
    cacheDirectory: undefined,
    location: desk.repository,
    blake3,
    zstd: await loadZstd("auto"),
  };
  const { rootKey, repositoryId } = await unlockRepository(storage, desk.secret, environment);
  const keys = new RepositoryKeys(rootKey, repositoryId);
  change(desk, name, (bytes) => {
    const { body, epoch, domain } = openObject(keys, { type: ObjectType.OUTCOME, name }, bytes);
    const fields = readFields(body, { limit: body.length, what: name });
    const more = encodeRecord([...fields, { number: 127, critical, value: new Uint8Array(1) }]);
    return sealObject({ keys, blake3, random }, { type: ObjectType.OUTCOME, name, epoch, domain }, more);
  });
}
