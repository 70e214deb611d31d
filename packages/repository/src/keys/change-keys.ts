/**
 * Adding and removing key slots. The log decides who stays: each removal names a slot that is to stay, the log has one
 * order for all, and a removal whose keeper was removed before it is refused. So however many remove keys at a time,
 * one of those that were never removed is left (PROTOCOL-RULES 13).
 */
import { createKeySlot, keySlotId, openKeySlot, type ScryptCost, type Secret } from "@bcat/crypto";
import { BcatError, StorageError } from "@bcat/errors";
import type { KeyOwner } from "../bodies/log.js";
import { appendToLog, withLogSession } from "../log-writer.js";
import { KEY_SLOTS_MAX } from "../open.js";
import { decideAndReadBack } from "../registers.js";
import { partsOf, type Repository } from "../repository.js";
import type { Session } from "../session.js";
import { type KeySlot, keySlotName, readKeySlots } from "./key-slots.js";

export interface NewKey {
  readonly secret: Secret;
  readonly owner: KeyOwner;
  /** For a passphrase; 2^15 if not given. */
  readonly cost?: ScryptCost | undefined;
}

/**
 * Adds a key slot and opens it once. Interrupted, it may be there without the record of whose it is.
 *
 * @throws BcatError usage, refused when all numbers are taken; StorageError
 */
export async function addKeySlot(repository: Repository, { secret, owner, cost }: NewKey): Promise<KeySlot> {
  return await withLogSession(repository, async (session) => {
    const { keys, random } = repository.context;
    const { rootKey, repositoryId } = keys.share();
    const bytes = await createKeySlot({ rootKey, repositoryId, secret, random, ...(cost && { cost }) });
    const slot = await putKeySlot(repository, bytes);
    await requireOpens(repository, slot, secret);
    await appendToLog(repository, { kind: "key-add", slot, owner }, session);
    return slot;
  });
}

/**
 * Removes the key slot of a number, and with it its copies under other numbers: they are one key, and each would open.
 * It does not take back what its owner knows already: who has opened the repository may have kept the root key.
 *
 * @param keeper the slot that the caller has opened the repository with, or has just added: it is to stay
 * @returns the numbers that were removed, the one asked for first
 * @throws BcatError not-found, refused for the keeper itself, or one that was removed meanwhile; StorageError
 */
export async function removeKeySlot(repository: Repository, number: number, keeper: KeySlot): Promise<number[]> {
  const { storage } = partsOf(repository);
  const name = keySlotName(number);
  const bytes = await storage.get(name);
  if (bytes === undefined)
    throw new BcatError("not-found", `Cannot remove key ${number}: there is none of this number`);
  const slot = { number, bytes, id: keySlotId(bytes) };
  if (number === keeper.number)
    throw new BcatError("refused", `Cannot remove key ${number}: it is the one that has opened the repository`);
  // By what the log knows it by: its record would be one of the keeper.
  if (Buffer.compare(slot.id, keeper.id) === 0) throw isKeepersCopy(number, keeper);
  if (storage.delete === undefined)
    throw new BcatError("refused", `Cannot remove key ${number}: nothing can be deleted in "${storage.location}"`);
  return await withLogSession(repository, async (session) => {
    const decide = () => {
      requireKept(repository, keeper);
      return { kind: "key-remove", slot, keeper: keeper.id } as const;
    };
    await appendToLog(repository, decide, session);
    await requireThere(repository, keeper);
    const copies = (await readKeySlots(repository)).filter((other) => Buffer.compare(other.bytes, bytes) === 0);
    const numbers = [number, ...copies.map((copy) => copy.number).filter((one) => one !== number)];
    for (const one of numbers) await storage.delete!(keySlotName(one));
    await putBackWithout(repository, { slot, keeper, session });
    return numbers;
  });
}

function isKeepersCopy(number: number, keeper: KeySlot): BcatError {
  const found = `it is a copy of key ${keeper.number}, which has opened the repository`;
  return new BcatError("refused", `Cannot remove key ${number}: ${found}; bcat key passwd replaces both`);
}

/** The first number above all that are there, which nobody remembers; where they are used up, one that is free. */
async function putKeySlot(repository: Repository, bytes: Uint8Array): Promise<KeySlot> {
  const { storage } = partsOf(repository);
  const taken = (await readKeySlots(repository)).map(({ number }) => number);
  const highest = Math.max(0, ...taken);
  const numbers = Array.from({ length: KEY_SLOTS_MAX }, (_, i) => ((highest + i) % KEY_SLOTS_MAX) + 1);
  for (const number of numbers.filter((one) => !taken.includes(one)))
    if (await decideAndReadBack(storage, keySlotName(number), bytes)) return { number, bytes, id: keySlotId(bytes) };
  throw new BcatError("refused", `Cannot add a key: all ${KEY_SLOTS_MAX} are taken; remove one with bcat key remove`);
}

async function requireOpens({ id, context: { keys } }: Repository, slot: KeySlot, secret: Secret): Promise<void> {
  const name = keySlotName(slot.number);
  const rootKey = await openKeySlot(slot.bytes, name, id, secret);
  if (typeof rootKey !== "string" && Buffer.compare(rootKey, keys.share().rootKey) === 0) return;
  throw new StorageError(`Cannot rely on this machine: "${name}", which it has just sealed, does not open`);
}

/** @throws BcatError refused for one that the log has removed, as it was read */
function requireKept({ history: { keyChanges } }: Repository, keeper: KeySlot): void {
  const removal = keyChanges.removalOf(keeper.id);
  if (removal === undefined) return;
  const found = `key ${keeper.number}, which has opened the repository, was removed from host ${removal.host} meanwhile`;
  throw new BcatError("refused", `Cannot remove a key: ${found}`);
}

async function requireThere(repository: Repository, keeper: KeySlot): Promise<void> {
  if (await isThere(repository, keeper)) return;
  const found = `key ${keeper.number}, which is to stay, is not there any more`;
  throw new BcatError("refused", `Cannot remove a key: ${found}; nothing was deleted`);
}

async function isThere(repository: Repository, { number, bytes }: KeySlot): Promise<boolean> {
  const found = await partsOf(repository).storage.get(keySlotName(number));
  return found !== undefined && Buffer.compare(found, bytes) === 0;
}

interface Removal {
  readonly slot: KeySlot;
  readonly keeper: KeySlot;
  readonly session: Session | undefined;
}

/** Puts the removed slot back under a new number if the keeper is gone: by somebody who does not heed the log. */
async function putBackWithout(repository: Repository, { slot, keeper, session }: Removal): Promise<void> {
  if (await isThere(repository, keeper)) return;
  const { number } = await putKeySlot(repository, slot.bytes);
  const owner = repository.history.keyChanges.additionOf(slot.id)?.owner ?? { user: "", host: "" };
  await appendToLog(repository, { kind: "key-add", slot: { number, id: slot.id }, owner }, session);
  const found = `key ${keeper.number}, which was to stay, has gone meanwhile`;
  throw new BcatError("refused", `Cannot remove key ${slot.number}: ${found}; it is there again as key ${number}`);
}
