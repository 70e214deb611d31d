/** Reads extended attributes of the source, and has those stored that are too long for a node. */
import { SourceError } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import { inlineSizeTarget } from "../tree/content.js";
import { type Attribute, attributeCountMax, attributeNameLengthMax, type Content } from "../tree/node.js";
import type { BackupRun } from "./backup-run.js";
import type { SourceDirectories } from "./source-directory.js";
import { fromSource, isMissing, requireSourceFault } from "./source-fault.js";
import type { Visit } from "./visit.js";

export interface AttributeReaderParts {
  readonly posix: Posix;
  readonly run: BackupRun;
  /** Stores a chunk of data and returns its id. */
  readonly storeData: (bytes: Uint8Array) => Uint8Array;
}

export class AttributeReader {
  readonly #parts: AttributeReaderParts;

  constructor(parts: AttributeReaderParts) {
    this.#parts = parts;
  }

  /** Reads those of the rows that are marked, which then are not any more; false when there are none. */
  async readMarked(visit: Visit, directories: SourceDirectories): Promise<boolean> {
    const { table } = visit;
    const marks = table.columns.attributes.subarray(0, table.count);
    let row = marks.indexOf(1);
    if (row < 0) return false;
    try {
      const handle = await directories.handle(visit.directory);
      for (; row >= 0; row = marks.indexOf(1, row + 1)) {
        const name = table.name(row);
        const found = visit.keeps(row) ? this.read(handle, name, () => visit.pathOf(name)) : undefined;
        if (found !== undefined) visit.attributes.set(row, found);
      }
    } catch (error) {
      this.#report(visit.directory.absolutePath, requireSourceFault(error), "extended attributes in it");
    }
    marks.fill(0);
    return true;
  }

  /** Those of an entry, undefined for none. What cannot be read is reported; the entry is stored all the same. */
  read(directory: Directory, name: Uint8Array, path: () => Uint8Array): Attribute[] | undefined {
    const { attributes: calls } = this.#parts.posix;
    if (calls === undefined) return undefined;
    const found: Attribute[] = [];
    try {
      for (const attribute of fromSource(() => calls.listAt(directory, name))) {
        const value = fromSource(() => calls.getAt(directory, name, attribute));
        if (value === undefined) continue;
        if (attribute.length > attributeNameLengthMax || found.length === attributeCountMax)
          throw new SourceError("more, or longer names, than can be stored");
        found.push({ name: attribute, content: this.#content(value) });
      }
    } catch (error) {
      this.#report(path(), requireSourceFault(error), "its extended attributes");
    }
    return found.length === 0 ? undefined : found;
  }

  #report(path: Uint8Array, fault: SourceError, what: string): void {
    // It went while it was looked at, which others say.
    if (isMissing(fault)) return;
    this.#parts.run.reportUnreadable(path, new SourceError(`${what}: ${fault.message}`, { cause: fault }));
  }

  #content(value: Uint8Array): Content {
    if (value.length <= inlineSizeTarget) return { kind: "inline", bytes: value };
    return { kind: "chunks", chunks: [{ id: this.#parts.storeData(value).slice(), length: value.length }] };
  }
}
