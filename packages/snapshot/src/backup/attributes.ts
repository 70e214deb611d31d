/** Reads extended attributes and inode flags of the source, and has those stored that are too long for a node. */
import { SourceError } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import { inlineSizeTarget } from "../tree/content.js";
import { type Attribute, attributeCountMax, attributeNameLengthMax, type Content, contentSize } from "../tree/node.js";
import type { BackupRun } from "./backup-run.js";
import { flagsAt, mayHaveFlags } from "./inode-flags.js";
import type { SourceDirectories } from "./source-directory.js";
import { fromSource, isMissing, requireSourceFault } from "./source-fault.js";
import type { Visit } from "./visit.js";

export interface AttributeReaderParts {
  readonly posix: Posix;
  readonly run: BackupRun;
  /** Stores a chunk of data and returns its id; undefined to have all in nodes. */
  readonly storeData: ((bytes: Uint8Array) => Uint8Array) | undefined;
}

export class AttributeReader {
  readonly #parts: AttributeReaderParts;
  /** Those read last are not all that there are. */
  #isIncomplete = false;

  constructor(parts: AttributeReaderParts) {
    this.#parts = parts;
  }

  /**
   * Reads those of the rows that are marked, which then are not any more; false when there are none. Where some could not
   * be read, the next backup must not take over what this one has.
   */
  async readMarked(visit: Visit, directories: SourceDirectories): Promise<boolean> {
    const { run } = this.#parts;
    const { table } = visit;
    const marks = table.columns.attributes.subarray(0, table.count);
    const first = marks.indexOf(1);
    for (let row = first; row >= 0; row = marks.indexOf(1, row + 1)) {
      marks[row] = 0;
      if (!visit.keeps(row)) continue;
      let size = 0;
      try {
        // Anew for each: while others run, it may be closed.
        const handle = await directories.handle(visit.directory);
        const name = table.name(row);
        const found = this.read(handle, name, () => visit.pathOf(name));
        if (found !== undefined) visit.attributes.set(row, found);
        if (this.#isIncomplete) table.forget(row);
        await this.#readFlags(visit, row, directories);
        size = found?.reduce((sum, { content }) => sum + contentSize(content), 0) ?? 0;
      } catch (error) {
        this.#report(visit.directory.absolutePath, requireSourceFault(error), "extended attributes in it");
        table.forget(row);
        for (let other = marks.indexOf(1); other >= 0; other = marks.indexOf(1, other + 1)) table.forget(other);
        marks.fill(0);
      }
      if (run.look() || size > 0) await run.breathe(size);
    }
    return first >= 0;
  }

  /** Unless they are known: those of a file that was read are. */
  async #readFlags({ directory, table, flags }: Visit, row: number, directories: SourceDirectories): Promise<void> {
    const type = table.columns.types[row]!;
    if (flags.has(row) || !mayHaveFlags(this.#parts.posix, type)) return;
    const handle = await directories.handle(directory);
    directories.hold(directory);
    try {
      const name = table.name(row);
      const found = await directories.patiently(() => flagsAt(this.#parts.posix, handle, { name, type }));
      if (found !== 0) flags.set(row, found);
    } finally {
      directories.letGo(directory);
    }
  }

  /** Those of an entry, undefined for none. What cannot be read is reported; the entry is stored all the same. */
  read(directory: Directory, name: Uint8Array, path: () => Uint8Array): Attribute[] | undefined {
    const { attributes: calls } = this.#parts.posix;
    if (calls === undefined) return undefined;
    const found: Attribute[] = [];
    let fault: SourceError | undefined;
    /** What keeps one from being read says nothing of the next. */
    const attempt = <T>(act: () => T): T | undefined => {
      try {
        return act();
      } catch (error) {
        fault ??= requireSourceFault(error);
        return undefined;
      }
    };
    for (const attribute of attempt(() => fromSource(() => calls.listAt(directory, name))) ?? []) {
      const value = attempt(() => fromSource(() => calls.getAt(directory, name, attribute)));
      if (value === undefined) continue;
      if (attribute.length > attributeNameLengthMax || found.length === attributeCountMax)
        fault ??= new SourceError("more, or longer names, than can be stored", { messageCode: "not-storable" });
      else found.push({ name: attribute, content: this.#content(value) });
    }
    this.#isIncomplete = fault !== undefined;
    if (fault !== undefined) this.#report(path(), fault, "its extended attributes");
    return found.length === 0 ? undefined : found;
  }

  #report(path: Uint8Array, fault: SourceError, what: string): void {
    // It went while it was looked at, which others say.
    if (isMissing(fault)) return;
    this.#parts.run.reportUnreadable(
      path,
      new SourceError(`${what}: ${fault.message}`, { messageCode: "attributes-unreadable", cause: fault }),
    );
  }

  #content(value: Uint8Array): Content {
    const { storeData } = this.#parts;
    if (storeData === undefined || value.length <= inlineSizeTarget) return { kind: "inline", bytes: value };
    return { kind: "chunks", chunks: [{ id: storeData(value).slice(), length: value.length }] };
  }
}
