/**
 * What a restore could not do, told while it goes on. What is not permitted in a folder is so for nearly all that is to be
 * made or deleted in it: for people that is one line, at the end, as it is for metadata that are not permitted; with `--json`
 * each entry has its message.
 */
import { DamageNote } from "./damage-note.js";
import { sentence } from "./errors.js";
import { formatItems } from "./format.js";
import type { Output } from "./output.js";
import { quoteName, quoteText } from "./quote.js";
import { printWarning, type Warning } from "./warning.js";

/** Groups of entries that wait to be told of together, about 300 bytes each; beyond, the first of them is told of. */
const GROUPS_MAX = 1_000;

interface Denied {
  readonly kind: "restore" | "delete" | "metadata";
  readonly first: Warning;
  warnings: number;
  entries: number;
}

export class RestoreWarnings {
  readonly #output: Output;
  readonly #target: string;
  /** By what the entries of a group have in common. */
  readonly #denied = new Map<string, Denied>();
  readonly #damage: DamageNote;

  /** @param target absolute */
  constructor(output: Output, target: string) {
    this.#output = output;
    this.#target = target;
    this.#damage = new DamageNote(output);
  }

  /** Runs a restore, and tells of what waits when it is over, however it ends. */
  async during<Result>(run: (onWarning: (warning: Warning) => void) => Promise<Result>): Promise<Result> {
    try {
      return await run((warning) => this.#take(warning));
    } finally {
      for (const denied of this.#denied.values()) this.#tell(denied);
      this.#denied.clear();
      this.#damage.tell();
    }
  }

  #take(warning: Warning): void {
    this.#damage.take(warning);
    const kind = this.#output.json ? undefined : deniedKind(warning);
    if (kind === undefined) {
      printWarning(warning, "restore", this.#output);
      return;
    }
    const place = kind === "metadata" ? warning.message : folderOf(warning.path).toString("latin1");
    const key = `${kind} ${warning.systemCode} ${place}`;
    const entries = warning.count ?? 1;
    const denied = this.#denied.get(key);
    if (denied === undefined) {
      this.#makeRoom();
      this.#denied.set(key, { kind, first: warning, warnings: 1, entries });
    } else {
      denied.warnings++;
      denied.entries += entries;
    }
  }

  #makeRoom(): void {
    const [oldest] = this.#denied;
    if (this.#denied.size < GROUPS_MAX || oldest === undefined) return;
    this.#denied.delete(oldest[0]);
    this.#tell(oldest[1]);
  }

  #tell({ kind, first, warnings, entries }: Denied): void {
    if (warnings === 1) {
      printWarning(first, "restore", this.#output);
      return;
    }
    const count = formatItems(entries, "entry", "entries");
    const folder = quoteName(folderOf(first.path));
    const why = `${words.get(first.systemCode ?? "")} (${first.systemCode}), first for "${quoteName(first.path)}"`;
    const lines = {
      restore: `cannot restore ${count} in "${folder}" to ${quoteText(this.#target)}: ${why}`,
      // Their paths are those in the target.
      delete: `kept ${count} in "${folder}", which could not be deleted: ${why}`,
      metadata: `cannot restore ${count} wholly, "${quoteName(first.path)}" the first: ${sentence(first.message)}`,
    };
    this.#output.complain(lines[kind]);
  }
}

const words: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EROFS", "the file system is read-only"],
]);

/** Undefined for what concerns an entry alone. */
function deniedKind({ kind, code, systemCode, message }: Warning): Denied["kind"] | undefined {
  if (kind !== "error") return undefined;
  if (code === "metadata-not-set") return metadataDenied.test(message) ? "metadata" : undefined;
  if (!words.has(systemCode ?? "")) return undefined;
  if (code === "not-deleted") return "delete";
  return code === "not-restored" || code === "folder-not-made" ? "restore" : undefined;
}

const metadataDenied = /^(?:(?:, )?its \w+ could not be set \((?:EPERM|EACCES|EROFS)\))+$/;

function folderOf(path: Uint8Array): Buffer {
  const bytes = Buffer.from(path);
  return bytes.subarray(0, Math.max(1, bytes.lastIndexOf("/")));
}
