/**
 * What a restore could not do, told while it goes on. What is not permitted in a folder is so for nearly all that is to be
 * made in it: for people that is one line, at the end; with `--json` each entry has its message.
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
  /** By the folder that the entries are in. */
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
      for (const [folder, denied] of this.#denied) this.#tell(folder, denied);
      this.#denied.clear();
    }
  }

  #take(warning: Warning): void {
    if (this.#output.json || !isDenied(warning)) {
      printWarning(warning, "restore", this.#output);
      return;
    }
    const folder = folderOf(warning.path);
    const entries = warning.count ?? 1;
    const denied = this.#denied.get(folder);
    if (denied === undefined) {
      this.#makeRoom();
      this.#denied.set(folder, { first: warning, warnings: 1, entries });
    } else {
      denied.warnings++;
      denied.entries += entries;
    }
  }

  #makeRoom(): void {
    const [oldest] = this.#denied;
    if (this.#denied.size < FOLDERS_MAX || oldest === undefined) return;
    this.#denied.delete(oldest[0]);
    this.#tell(...oldest);
  }

  #tell(folder: string, { first, warnings, entries }: Denied): void {
    if (warnings === 1) printWarning(first, "restore", this.#output);
    else {
      const what = `${formatItems(entries, "entry", "entries")} in "${quoteName(Buffer.from(folder, "latin1"))}"`;
      const where = `in the target ${quoteText(this.#target)}, first for "${quoteName(first.path)}"`;
      this.#output.complain(`cannot restore ${what}: permission denied (${first.systemCode}) ${where}`);
    }
  }
}

/** An entry that could not be made, replaced or entered. */
function isDenied({ kind, code, systemCode }: Warning): boolean {
  return kind === "error" && systemCode === "EACCES" && (code === "not-restored" || code === "folder-not-made");
}

/** One character a byte. */
function folderOf(path: Uint8Array): string {
  const text = Buffer.from(path).toString("latin1");
  return text.slice(0, Math.max(1, text.lastIndexOf("/")));
}
