/** Entries of a snapshot as a tar archive: what is in a window is what goes out, headers and all. */
import type { Repository } from "@bcat/repository";
import { encodeAttribute, type TarAttribute } from "../archive/tar-attributes.js";
import { encodeFlags } from "../archive/tar-flags.js";
import { encodeTarHeader, type TarEntry, TarType, tarBlockSize, tarEnd, tarPadding } from "../archive/tar-header.js";
import type { Entry } from "../root-entries.js";
import { type Content, contentSize, NodeType } from "../tree/node.js";
import { tolerate } from "./archive-walk.js";
import { readAttributes } from "./attribute-values.js";
import type { DumpRun } from "./dump-run.js";
import { addContent, requireContent } from "./file-content.js";
import { Links } from "./links.js";
import type { DumpSink } from "./options.js";
import { OrderedStream } from "./ordered-stream.js";
import { type SparseContent, sparseContent } from "./sparse-content.js";
import { type DumpItem, failItem, type Window } from "./window.js";

const TYPES: ReadonlyMap<NodeType, TarType> = new Map<NodeType, TarType>([
  [NodeType.file, TarType.file],
  [NodeType.directory, TarType.directory],
  [NodeType.symlink, TarType.symlink],
  [NodeType.characterDevice, TarType.characterDevice],
  [NodeType.blockDevice, TarType.blockDevice],
  [NodeType.fifo, TarType.fifo],
]);
const SPARSE_FOLDER = Buffer.from("GNUSparseFile.0/");
const PADDING = new Uint8Array(tarBlockSize);
const OVERFULL = "from here on, names of one file may be in the archive as several files";
const SOCKETS = "sockets are in no archive: only the program that made one can make it anew";

export interface ArchiveParts {
  readonly repository: Repository;
  readonly run: DumpRun;
  readonly sink: DumpSink;
}

/** An entry and its name in the archive. */
export interface NamedEntry extends Entry {
  readonly name: Uint8Array;
}

export class TarDump {
  readonly #parts: ArchiveParts;
  readonly #stream: OrderedStream;
  readonly #links: Links;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
    const { repository } = parts;
    this.#links = new Links(repository.nameHash);
    this.#stream = new OrderedStream({ repository, write: (window) => this.#write(window) });
  }

  /** Adds an entry; one that is known to be unreadable is reported. @throws StorageError, BcatError */
  async add(entry: NamedEntry): Promise<void> {
    const { repository, run } = this.#parts;
    const { path, node, name } = entry;
    const type = TYPES.get(node.type);
    if (type === undefined) {
      run.skipped++;
      run.leaveOut(path, SOCKETS);
      return;
    }
    const item: DumpItem = { path, node };
    const first = this.#links.find(item, name);
    if (first !== undefined) {
      await this.#addBare({ path, node, linkedTo: first }, linkEntry(entry, first.name));
      return;
    }
    let header: TarEntry;
    let sparse: SparseContent | undefined;
    try {
      if (node.content !== undefined) await requireContent(repository, run, node.content);
      header = tarEntry(entry, type, await readAttributes(repository, node));
      sparse = await sparseContent(repository, node, name);
    } catch (error) {
      await tolerate(repository, error);
      failItem(item, error as Error);
      run.report(path, error);
      return;
    }
    if (node.content === undefined || header.size === 0) await this.#addBare(item, header);
    else if (sparse === undefined) await this.#addFile(item, header, node.content);
    else await this.#addSparse(item, header, node.content, sparse);
  }

  /** Ends the archive, and waits until all of it is written. */
  async finish(): Promise<void> {
    const waiting = this.#stream.add(tarEnd);
    if (waiting !== undefined) await waiting;
    await this.#stream.finish();
    if (this.#links.overflow !== undefined) this.#parts.run.note(this.#links.overflow, OVERFULL, "links-not-kept");
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  async #addBare(item: DumpItem, header: TarEntry): Promise<void> {
    this.#stream.begin(item);
    const waiting = this.#stream.add(encodeTarHeader(header)) ?? this.#parts.run.breathe(0);
    if (waiting !== undefined) await waiting;
    this.#stream.end();
  }

  async #addFile(item: DumpItem, header: TarEntry, content: Content): Promise<void> {
    const { repository, run } = this.#parts;
    const stream = this.#stream;
    stream.begin(item);
    const waiting = stream.add(encodeTarHeader(header));
    if (waiting !== undefined) await waiting;
    await addContent({ repository, run, stream }, content);
    const padded = stream.add(PADDING.subarray(0, tarPadding(header.size)));
    if (padded !== undefined) await padded;
    stream.end();
  }

  /** Programs that know nothing of holes find the map and the data under a name that says so. */
  async #addSparse(item: DumpItem, header: TarEntry, content: Content, sparse: SparseContent): Promise<void> {
    const { records, size, head, createFilter } = sparse;
    const name = Buffer.concat([SPARSE_FOLDER, header.name]);
    const entry = { ...header, name, size, records: [...records, ...(header.records ?? [])] };
    const stream = this.#stream;
    stream.begin(item);
    await stream.add(encodeTarHeader(entry));
    await stream.add(head);
    await addContent({ ...this.#parts, stream }, content, createFilter());
    await stream.add(PADDING.subarray(0, tarPadding(size)));
    stream.end();
  }

  async #write({ bytes, length, spans }: Window): Promise<void> {
    const { run, sink } = this.#parts;
    let start = 0;
    for (const span of spans) {
      if (run.takes(span)) continue;
      if (span.start > start) await sink.write(bytes.subarray(start, span.start));
      start = span.end;
    }
    if (length > start) await sink.write(bytes.subarray(start, length));
  }
}

function tarEntry({ node, name }: NamedEntry, type: TarType, attributes: readonly TarAttribute[]): TarEntry {
  return {
    name,
    type,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    user: ownerBytes(node.user),
    group: ownerBytes(node.group),
    mtimeSeconds: node.mtimeSeconds,
    mtimeNanoseconds: node.mtimeNanoseconds,
    atimeSeconds: node.atimeSeconds,
    atimeNanoseconds: node.atimeNanoseconds,
    size: node.content === undefined ? 0 : contentSize(node.content),
    target: node.target,
    major: node.major,
    minor: node.minor,
    records: [...attributes.map(encodeAttribute), ...(type === TarType.link ? [] : encodeFlags(node.flags ?? 0))],
  };
}

/** Attributes belong to the first name. */
function linkEntry(entry: NamedEntry, target: Uint8Array): TarEntry {
  return { ...tarEntry(entry, TarType.link, []), size: 0, target };
}

function ownerBytes(owner: string | Uint8Array): Uint8Array {
  return typeof owner === "string" ? Buffer.from(owner) : owner;
}
