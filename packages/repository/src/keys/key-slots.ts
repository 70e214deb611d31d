/** The key slots of a repository, as far as they can be told without their secrets. */
import { describeKeySlot, keySlotId, type ScryptCost } from "@bcat/crypto";
import { CorruptError, isBcatError } from "@bcat/errors";
import type { KeySlotReference } from "../bodies/log.js";
import { KEY_SLOTS_MAX } from "../open.js";
import { partsOf, type Repository } from "../repository.js";
import type { KeyAddition } from "./key-changes.js";

/** A key slot of the storage. */
export interface KeySlot extends KeySlotReference {
  readonly bytes: Uint8Array;
}

export interface DescribedKeySlot extends KeySlot {
  /** What it takes to open it; undefined where that cannot be told. */
  readonly secret:
    | { readonly kind: "passphrase"; readonly cost: ScryptCost }
    | { readonly kind: "key-file" }
    | undefined;
  /** Why nothing can be opened with it: it is damaged, or of another repository, or of a newer format. */
  readonly problem: string | undefined;
  /** Undefined for the key that the repository was made with, and where the one who added it was interrupted. */
  readonly addition: KeyAddition | undefined;
  /** Somebody has removed it and was interrupted before it was gone. */
  readonly isRemoved: boolean;
}

export function keySlotName(number: number): string {
  return `keys/${number}`;
}

/** One that was read before, by its name. */
export function keySlotOf(name: string, bytes: Uint8Array): KeySlot {
  return { number: Number(name.slice("keys/".length)), bytes, id: keySlotId(bytes) };
}

/** All that are there, by number. @throws StorageError */
export async function readKeySlots(repository: Repository): Promise<KeySlot[]> {
  const { storage } = partsOf(repository);
  const slots: KeySlot[] = [];
  for (let number = 1; number <= KEY_SLOTS_MAX; number++) {
    const bytes = await storage.get(keySlotName(number));
    if (bytes !== undefined) slots.push({ number, bytes, id: keySlotId(bytes) });
  }
  return slots;
}

/** As {@link readKeySlots}, with what is known of each from itself and from the log as it was read. */
export async function describeKeySlots(repository: Repository): Promise<DescribedKeySlot[]> {
  return (await readKeySlots(repository)).map((slot) => describe(repository, slot));
}

function describe({ id: repositoryId, history: { keyChanges } }: Repository, slot: KeySlot): DescribedKeySlot {
  const known = { addition: keyChanges.additionOf(slot.id), isRemoved: keyChanges.removalOf(slot.id) !== undefined };
  try {
    const { cost, isOwn } = describeKeySlot(slot.bytes, keySlotName(slot.number), repositoryId);
    const problem = isOwn ? undefined : "it is of another repository, as an init leaves it that did not finish";
    const secret = cost === undefined ? ({ kind: "key-file" } as const) : ({ kind: "passphrase", cost } as const);
    return { ...slot, ...known, secret, problem };
  } catch (error) {
    if (!(error instanceof CorruptError) && !isBcatError(error, "newer-format")) throw error;
    return { ...slot, ...known, secret: undefined, problem: error.message };
  }
}
