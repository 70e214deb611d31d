/**
 * What is remembered, in the cache, of restores in place: so that undo is about the last one, and that one which goes on
 * where another has ended early is undone with it. Nothing depends on it: without, undo takes the newest snapshot there is.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Repository } from "@bcat/repository";

/** Restores that are remembered, one a target: the oldest is forgotten first. */
const REMEMBERED_MAX = 64;

/** What is restored to where. */
export interface RestoreBegun {
  readonly kind: "restore" | "undo";
  /** Absolute. */
  readonly target: string;
  readonly snapshot: number;
  /** What of it, hashed. */
  readonly choice: string;
}

export interface RememberedRestore extends RestoreBegun {
  /** The snapshot of what was overwritten; undefined where nothing was. */
  readonly undo?: number | undefined;
  /** The newest snapshot for undo that there was: with a newer one, another restore was the last. */
  readonly newest?: number | undefined;
  /** False until it has come to its end. */
  readonly isFinished: boolean;
}

export class RestoreMemory {
  /** Undefined where there is no cache. */
  readonly #path: string | undefined;

  constructor({ environment: { cacheDirectory }, id }: Pick<Repository, "environment" | "id">) {
    if (cacheDirectory !== undefined)
      this.#path = join(cacheDirectory, "restores", `${Buffer.from(id).toString("hex")}.json`);
  }

  get last(): RememberedRestore | undefined {
    return this.#read().at(-1);
  }

  /** The same restore, if the last one to that target was it and has ended early. */
  findUnfinished({ kind, target, snapshot, choice }: RestoreBegun): RememberedRestore | undefined {
    const found = this.#read().find((one) => one.target === target);
    const isSame = found?.kind === kind && found.snapshot === snapshot && found.choice === choice;
    return isSame && !found.isFinished ? found : undefined;
  }

  /** Of several that do so at the same time, one is remembered. */
  put(restore: RememberedRestore): void {
    if (this.#path === undefined) return;
    const others = this.#read().filter(({ target }) => target !== restore.target);
    const text = JSON.stringify([...others, restore].slice(-REMEMBERED_MAX));
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const temporary = `${this.#path}.${process.pid}`;
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, this.#path);
    } catch {
      // A cache that cannot be written to is none.
    }
  }

  /** Oldest first; what cannot be read was never remembered. */
  #read(): RememberedRestore[] {
    if (this.#path === undefined) return [];
    try {
      const found: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      return Array.isArray(found) ? found.filter(isRemembered) : [];
    } catch {
      return [];
    }
  }
}

/** Stands for what of a snapshot is restored. */
export function hashChoice(choice: unknown): string {
  return createHash("sha256").update(JSON.stringify(choice)).digest("hex").slice(0, 32);
}

function isRemembered(found: Partial<RememberedRestore> | null): found is RememberedRestore {
  const isNumber = (value: unknown) => value === undefined || Number.isSafeInteger(value);
  return (
    (found?.kind === "restore" || found?.kind === "undo") &&
    typeof found.target === "string" &&
    Number.isSafeInteger(found.snapshot) &&
    typeof found.choice === "string" &&
    isNumber(found.undo) &&
    isNumber(found.newest) &&
    typeof found.isFinished === "boolean"
  );
}
