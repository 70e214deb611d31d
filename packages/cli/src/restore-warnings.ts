/**
 * What a restore could not do, told while it goes on. What is not permitted in a folder is so for nearly all that is to be
 * made or deleted in it: for people that is one line, at the end; with `--json` each entry has its message.
 */
import { formatItems } from "./format.js";
import type { Output } from "./output.js";
import { quoteName, quoteText } from "./quote.js";
import { printWarning, type Warning } from "./warning.js";

/** Folders whose entries wait to be told of together, about 200 bytes each; beyond, the first of them is told of. */
const FOLDERS_MAX = 1_000;

interface Denied {
  readonly first: Warning;
  warnings: number;
  entries: number;
}

export class RestoreWarnings {
  readonly #output: Output;
  readonly #target: string;
  /** By the folder that the entries are in, and whether they were to be deleted. */
  readonly #denied = new Map<string, Denied>();

  /** @param target absolute */
  constructor(output: Output, target: string) {
    this.#output = output;
    this.#target = target;
  }

  /** Runs a restore, and tells of what waits when it is over, however it ends. */
  async during<Result>(run: (onWarning: (warning: Warning) => void) => Promise<Result>): Promise<Result> {
    try {
      return await run((warning) => this.#take(warning));
    } finally {
      for (const denied of this.#denied.values()) this.#tell(denied);
      this.#denied.clear();
    }
  }

  #take(warning: Warning): void {
    if (this.#output.json || !isDenied(warning)) {
      printWarning(warning, "restore", this.#output);
      return;
    }
    const key = `${warning.code === "not-deleted"} ${folderOf(warning.path).toString("latin1")}`;
    const entries = warning.count ?? 1;
    const denied = this.#denied.get(key);
    if (denied === undefined) {
      this.#makeRoom();
      this.#denied.set(key, { first: warning, warnings: 1, entries });
    } else {
      denied.warnings++;
      denied.entries += entries;
    }
  }

  #makeRoom(): void {
    const [oldest] = this.#denied;
    if (this.#denied.size < FOLDERS_MAX || oldest === undefined) return;
    this.#denied.delete(oldest[0]);
    this.#tell(oldest[1]);
  }

  #tell({ first, warnings, entries }: Denied): void {
    if (warnings === 1) {
      printWarning(first, "restore", this.#output);
      return;
    }
    const what = `${formatItems(entries, "entry", "entries")} in "${quoteName(folderOf(first.path))}"`;
    const denied = `permission denied (${first.systemCode})`;
    const path = `first for "${quoteName(first.path)}"`;
    // Paths of what is deleted are those in the target.
    if (first.code === "not-deleted")
      this.#output.complain(`kept ${what}, they could not be deleted: ${denied}, ${path}`);
    else this.#output.complain(`cannot restore ${what}: ${denied} in the target ${quoteText(this.#target)}, ${path}`);
  }
}

/** Of an entry that could not be made, replaced, entered or deleted. */
const codes: ReadonlySet<string> = new Set(["not-restored", "folder-not-made", "not-deleted"]);

function isDenied({ kind, code, systemCode }: Warning): boolean {
  return kind === "error" && systemCode === "EACCES" && codes.has(code);
}

function folderOf(path: Uint8Array): Buffer {
  const bytes = Buffer.from(path);
  return bytes.subarray(0, Math.max(1, bytes.lastIndexOf("/")));
}
