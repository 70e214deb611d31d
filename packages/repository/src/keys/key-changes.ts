/** What the log tells of key slots (docs/format.md section 9): whose they are, and which were removed. */
import type { KeyOwner, LogHead, LogRecord } from "../bodies/log.js";

/** When a key was added, and by whom. */
export interface KeyAddition {
  readonly owner: KeyOwner;
  /** ms since 1970. */
  readonly time: number;
}

type KeyRecord = Extract<LogRecord, { kind: "key-add" | "key-remove" }>;

/** In memory one entry for each key that was ever added or removed. */
export class KeyChanges {
  readonly #added = new Map<string, KeyAddition>();
  readonly #removed = new Map<string, LogHead>();

  apply(record: KeyRecord): void {
    const id = nameOf(record.slot.id);
    if (record.kind === "key-remove") {
      this.#removed.set(id, record);
      return;
    }
    this.#removed.delete(id);
    this.#added.set(id, { owner: record.owner, time: record.time });
  }

  /** @param id as `keySlotId` has it */
  additionOf(id: Uint8Array): KeyAddition | undefined {
    return this.#added.get(nameOf(id));
  }

  /** Who has removed it and when; undefined for one that was not removed, or added again since. */
  removalOf(id: Uint8Array): LogHead | undefined {
    return this.#removed.get(nameOf(id));
  }
}

function nameOf(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
