/** Backs up the content of regular files: takes it over from the parent, or reads it once. */
import { readSync } from "node:fs";
import { isBcatError, SourceError } from "@bcat/errors";
import { DATA, TREE } from "@bcat/pack";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import type { WriteSession } from "@bcat/repository";
import { encodeContent } from "../tree/content.js";
import { ChunkListWriter } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import { type ChunkReference, type Content, contentSize, NodeType } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { BackupRun } from "./backup-run.js";
import { boundTimes } from "./bound-times.js";
import type { ContentWriter } from "./content-writer.js";
import type { ParentEntry } from "./parent.js";
import { fromSource } from "./source-fault.js";
import type { StatTable } from "./stat-table.js";

/** Times a file is read again when it changes while it is read. */
const ATTEMPTS_MAX = 3;
/** Bytes read between two chances for others to run. */
const READ_SIZE = 2 ** 20;
/** Bytes read beyond the size a file is known to have: one that grows as fast as it is read must end too. */
const GROWTH_MAX = 16 * 2 ** 20;

/** An entry to back up. `path` is absolute, made only when it is shown. */
export interface FileEntry {
  readonly directory: Directory;
  readonly name: Uint8Array;
  readonly path: () => Uint8Array;
}

export interface StoredFile {
  readonly content: Content;
  /** The file did not hold still: it must be read again next time. */
  readonly isUnsettled: boolean;
}

export class FileBackup {
  readonly #run: BackupRun;
  readonly #session: WriteSession;
  readonly #posix: Posix;
  readonly #writer: ContentWriter;
  readonly #stat = new Stat();

  constructor(parts: { run: BackupRun; session: WriteSession; posix: Posix; writer: ContentWriter }) {
    this.#run = parts.run;
    this.#session = parts.session;
    this.#posix = parts.posix;
    this.#writer = parts.writer;
  }

  /**
   * The content of a file. Where the file is found other than its row says, the row is changed to what was stored, and
   * to match no file next time.
   *
   * @throws SourceError when the file cannot be read
   */
  async backUp(
    entry: FileEntry,
    place: { table: StatTable; row: number },
    parent: ParentEntry | undefined,
  ): Promise<StoredFile> {
    const { table, row } = place;
    const known = this.#unchangedContent(table, row, parent);
    const resolved = known === undefined ? undefined : await this.#resolve(known);
    if (resolved !== undefined) {
      this.#run.countFile("unmodified", table.columns.sizes[row]!);
      return { content: resolved, isUnsettled: false };
    }
    this.#run.currentPath = entry.path;
    const file = fromSource(() => this.#posix.openFileAt(entry.directory, entry.name));
    try {
      const stored = await this.#read(entry, file, place);
      const size = contentSize(stored.content);
      this.#run.countFile(changeOf(stored.content, parent), size);
      await this.#run.breathe(size);
      return stored;
    } catch (error) {
      this.#writer.reset();
      throw error;
    } finally {
      this.#posix.close(file);
    }
  }

  /** The parent's content, when size, mtime, ctime and inode say that nothing was written since. */
  #unchangedContent(table: StatTable, row: number, parent: ParentEntry | undefined): Content | undefined {
    if (parent === undefined || table.isRacy(row, this.#run.racyTime)) return undefined;
    const { node, stats, row: from } = parent;
    const { columns } = table;
    if (node.type !== NodeType.file || node.content === undefined) return undefined;
    const isUnchanged =
      contentSize(node.content) === columns.sizes[row] &&
      node.mtimeSeconds === columns.mtimeSeconds[row] &&
      node.mtimeNanoseconds === columns.mtimeNanoseconds[row] &&
      stats.ctimeSeconds[from] === columns.ctimeSeconds[row] &&
      stats.ctimeNanoseconds[from] === columns.ctimeNanoseconds[row] &&
      stats.inodes[2 * from] === columns.inodes[2 * row] &&
      stats.inodes[2 * from + 1] === columns.inodes[2 * row + 1];
    return isUnchanged ? node.content : undefined;
  }

  /**
   * The reference rule: a reference taken over must have a location that no log record condemns. When packs were
   * condemned since the parent was committed, each is looked up; undefined when one has none, and the file is read.
   */
  async #resolve(content: Content): Promise<Content | undefined> {
    if (!this.#run.mustResolve || content.kind === "inline") return content;
    const list = new ChunkListWriter((bytes) => this.#session.store(TREE, bytes));
    try {
      for await (const chunks of readChunkReferences(this.#session.repository, content)) {
        for (const chunk of chunks as readonly ChunkReference[]) {
          if (!this.#session.has(DATA, chunk.id)) return undefined;
          list.add(chunk);
        }
      }
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return undefined;
    }
    return list.finish();
  }

  async #read(entry: FileEntry, file: number, { table, row }: { table: StatTable; row: number }): Promise<StoredFile> {
    for (let attempt = 1; ; attempt++) {
      const content = await this.#readOnce(file, table.columns.sizes[row]!);
      fromSource(() => this.#posix.statFile(file, this.#stat));
      boundTimes(this.#stat);
      if (this.#stat.type !== FileType.FILE) throw new SourceError("it was replaced by something that is no file");
      const held = isAsInRow(this.#stat, table, row) && contentSize(content) === this.#stat.size;
      if (held && attempt === 1) return { content, isUnsettled: false };
      table.set(row, this.#stat);
      if (!held && attempt < ATTEMPTS_MAX) continue;
      table.forget(row);
      if (!held) {
        const message = "it changed while it was read; what was read last is stored";
        this.#run.reportUnreadable(entry.path(), new SourceError(message));
      }
      return { content, isUnsettled: true };
    }
  }

  async #readOnce(file: number, expected: number): Promise<Content> {
    let position = 0;
    while (position < expected + GROWTH_MAX) {
      const space = this.#writer.space;
      // One byte more than expected, so that a single read also shows that there is no more.
      const left = position > expected ? READ_SIZE : expected + 1 - position;
      const wanted = Math.min(space.length, READ_SIZE, left);
      const count = fromSource(() => readSync(file, space, 0, wanted, position));
      position += count;
      if (count > 0) this.#writer.advance(count);
      // A read may give less for other reasons than the end, on FUSE and the network.
      if (count === 0 || (count < wanted && position === expected)) break;
      if (position >= READ_SIZE) await this.#run.breathe(0, count);
    }
    return this.#writer.finish();
  }
}

/** A file that was read again to be sure may turn out to be what it was. */
function changeOf(content: Content, parent: ParentEntry | undefined): "new" | "changed" | "unmodified" {
  if (parent?.node.content === undefined) return "new";
  const isSame = compareBytes(encodeContent(content), encodeContent(parent.node.content)) === 0;
  return isSame ? "unmodified" : "changed";
}

function isAsInRow(stat: Stat, table: StatTable, row: number): boolean {
  const { columns } = table;
  return (
    stat.size === columns.sizes[row] &&
    stat.mtimeSeconds === columns.mtimeSeconds[row] &&
    stat.mtimeNanoseconds === columns.mtimeNanoseconds[row] &&
    stat.ctimeSeconds === columns.ctimeSeconds[row] &&
    stat.ctimeNanoseconds === columns.ctimeNanoseconds[row] &&
    stat.inodeLow === columns.inodes[2 * row] &&
    stat.inodeHigh === columns.inodes[2 * row + 1]
  );
}
