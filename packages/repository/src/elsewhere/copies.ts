/**
 * The copies, in the repository, of registers that live elsewhere (docs/format.md section 2.1): whatever a register was
 * decided to be is copied here before anyone acts on it, so that the table can be lost.
 *
 *     registers/<generation>/meta                 the generation is announced: 16 bytes, the id of the registers
 *     registers/<generation>/<name>               the copy of register <name>, such as sessions/0000000012
 *     registers/<generation>/<name>-<32 hex>      what a client was about to copy, and the BLAKE3 of it
 */
import { BcatError } from "@bcat/errors";
import { formatNumber } from "@bcat/pack";
import { type GetOptions, type ListedObject, registersIdSize, type Storage } from "@bcat/storage";
import { type RegistersReference, registersNeeded } from "./source.js";

export const COPIES = "registers/";
/** Announcements asked for at the same time. */
const LOOKED_AT_ONCE = 16;
/** Times an announcement is read of which only a part is there. */
const LOOKS_MAX = 5;
/** Each is a repair. What a database that nobody can trust says beyond that is not looked for. */
const GENERATIONS_MAX = 10_000;
const tooManyLine = (generation: number) =>
  `Cannot use the registers of the repository: their generation ${generation} is beyond ${GENERATIONS_MAX}, which no repairs have come to`;
/** What an announced generation 1 shows: there was a repository, whatever became of its config. */
export const FIRST_ANNOUNCEMENT = announcementName(1);

/** True for the registers that live elsewhere; the config and the key slots never do. */
export function isNumbered(name: string): boolean {
  return /^(?:sessions|outcomes|log)\/\d{10}$/.test(name);
}

export function announcementName(generation: number): string {
  return `${folderOf(generation)}meta`;
}

export function copyName(generation: number, name: string): string {
  return folderOf(generation) + name;
}

/** @param hash BLAKE3 of the value */
export function ownCopyName(generation: number, name: string, hash: Uint8Array): string {
  return `${folderOf(generation)}${name}-${Buffer.from(hash.subarray(0, 16)).toString("hex")}`;
}

/** The generation of a name below {@link COPIES}, and what follows; undefined for a name that is none of these. */
export function splitCopyName(name: string): { generation: number; rest: string } | undefined {
  const [, digits, rest] = /^registers\/(\d{10})\/(.+)$/.exec(name) ?? [];
  return rest === undefined ? undefined : { generation: Number(digits), rest };
}

function folderOf(generation: number): string {
  return `${COPIES}${formatNumber(generation)}/`;
}

/** True when the generation is announced. @throws {BcatError} identity-changed when it is of other registers */
export async function isAnnounced(objects: Storage, generation: number, id: Uint8Array): Promise<boolean> {
  const name = announcementName(generation);
  for (let look = 1; look <= LOOKS_MAX; look++) {
    const found = await objects.get(name);
    if (found === undefined) return false;
    if (Buffer.compare(found, id) === 0) return true;
    // A server that replaces nothing in one step shows a part of it meanwhile.
    if (found.length >= id.length) break;
  }
  throw new BcatError("identity-changed", `Cannot use the repository: "${name}" and "config" name different registers`);
}

/** The newest generation announced, 0 for none: they are dense. */
export async function findAnnounced(objects: Storage, id: Uint8Array): Promise<number> {
  let generation = 0;
  while (await isAnnounced(objects, generation + 1, id)) generation++;
  return generation;
}

/** What a repository says in the clear of registers that live elsewhere; undefined when it has them itself. */
export interface AnnouncedRegisters {
  readonly id: Uint8Array;
  /** The newest. */
  readonly generation: number;
}

/** Without a key; whether the config says the same is for those to see who can open it. */
export async function readAnnounced(objects: Storage): Promise<AnnouncedRegisters | undefined> {
  const id = await objects.get(FIRST_ANNOUNCEMENT);
  if (id?.length !== registersIdSize) return undefined;
  return { id, generation: await findAnnounced(objects, id) };
}

/**
 * Those of the generations up to `last` that are not announced, from above down. More than `last` itself: a repair has
 * passed over numbers, or died when it had announced but a part of them.
 *
 * @throws {BcatError} identity-changed when one is of other registers, and for a number that is none of a repair
 */
export async function findUnannounced(objects: Storage, last: number, id: Uint8Array): Promise<number[]> {
  if (last > GENERATIONS_MAX) throw new BcatError("identity-changed", tooManyLine(last));
  const missing: number[] = [];
  for (let first = last; first > 0; first -= LOOKED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(first, LOOKED_AT_ONCE) }, (_, index) => first - index);
    const found = await Promise.all(numbers.map((number) => isAnnounced(objects, number, id)));
    missing.push(...numbers.filter((_, index) => !found[index]));
  }
  return missing;
}

/**
 * Announces what {@link findUnannounced} has found, downwards: whoever looks for the next of an older generation finds it
 * only when all are there. Until then the older one is the newest, so nobody may act on a register before.
 */
export async function announce(objects: Storage, missing: readonly number[], id: Uint8Array): Promise<void> {
  for (const number of missing) await objects.put(announcementName(number), id);
}

/**
 * A repository as its copies show it: for reading, without its registers. All that was ever acknowledged is there; what
 * was decided and not copied yet, by a backup that runs or has died, was acknowledged to nobody.
 */
export async function openCopies(objects: Storage, reference: RegistersReference, location: string): Promise<Storage> {
  const generation = Math.max(1, await findAnnounced(objects, reference.id));
  return showCopies(objects, { reference, location, generation });
}

/** The same of a generation that is known. */
export function showCopies(
  objects: Storage,
  { reference, location, generation }: { reference: RegistersReference; location: string; generation: number },
): Storage {
  return {
    ...passOn(objects),
    get: (name: string, options?: GetOptions) =>
      objects.get(isNumbered(name) ? copyName(generation, name) : name, options),
    putIfAbsent: async (name, bytes, options) => {
      if (isNumbered(name)) throw registersNeeded(reference, location);
      await objects.putIfAbsent(name, bytes, options);
    },
    ...(objects.list && { list: (prefix: string) => listWithRegisters(objects, generation, prefix) }),
  };
}

/** What of a storage is the same wherever its registers are. */
export function passOn(objects: Storage): Storage {
  return {
    location: objects.location,
    ...(objects.uploads !== undefined && { uploads: objects.uploads }),
    get: (name, options) => objects.get(name, options),
    put: (name, bytes, options) => objects.put(name, bytes, options),
    putIfAbsent: (name, bytes, options) => objects.putIfAbsent(name, bytes, options),
    ...(objects.delete && { delete: (name: string) => objects.delete!(name) }),
    ...(objects.listTemporary && { listTemporary: () => objects.listTemporary!() }),
    ...(objects.deleteTemporary && { deleteTemporary: (name: string) => objects.deleteTemporary!(name) }),
  };
}

/** A listing that shows copies as the registers they are of, and nothing else of what is about them. */
export async function* listWithRegisters(
  objects: Storage,
  generation: number,
  prefix: string,
): AsyncGenerator<ListedObject> {
  for await (const object of objects.list!(prefix)) if (!object.name.startsWith(COPIES)) yield object;
  const folder = folderOf(generation);
  for await (const { name, size } of objects.list!(folder + prefix)) {
    const register = name.slice(folder.length);
    if (isNumbered(register)) yield { name: register, size };
  }
}
