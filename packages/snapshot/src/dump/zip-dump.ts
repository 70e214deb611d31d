/** Entries of a snapshot as a zip archive. Windows hold contents; headers are made when they are written. */
import { BcatError } from "@bcat/errors";
import { packContent, type ZipEntryHead, ZipWriter, zipDirectorySizeMax } from "../archive/zip-writer.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import { tolerate } from "./archive-walk.js";
import { addContent, requireContent } from "./file-content.js";
import { OrderedStream } from "./ordered-stream.js";
import type { ArchiveParts, NamedEntry } from "./tar-dump.js";
import type { DumpItem, Span, Window } from "./window.js";

/** In the mode of a zip entry, as in stat(2). */
const TYPE_BITS: ReadonlyMap<NodeType, number> = new Map<NodeType, number>([
  [NodeType.file, 0o100000],
  [NodeType.directory, 0o040000],
  [NodeType.symlink, 0o120000],
]);
const SPECIAL = "fifos, sockets and devices are in no zip archive";
const ATTRIBUTES = "extended attributes are in no zip archive";
/** Of the names in a zip archive, in bytes. */
const NAME_LENGTH_MAX = 0xffff;

interface ZipItem extends DumpItem {
  readonly head: ZipEntryHead;
}

export class ZipDump {
  readonly #parts: ArchiveParts;
  readonly #stream: OrderedStream<ZipItem>;
  readonly #writer: ZipWriter;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
    const { repository, sink } = parts;
    this.#writer = new ZipWriter((bytes) => sink.write(bytes));
    this.#stream = new OrderedStream<ZipItem>({ repository, write: (window) => this.#write(window) });
  }

  /** Adds an entry; one that is known to be unreadable is reported. @throws StorageError, BcatError */
  async add({ path, node, name }: NamedEntry): Promise<void> {
    const { repository, run } = this.#parts;
    const typeBits = TYPE_BITS.get(node.type);
    if (typeBits === undefined) {
      run.skipped++;
      run.leaveOut(path, SPECIAL);
      return;
    }
    if (node.attributes !== undefined) run.leaveOut(path, ATTRIBUTES);
    // There is no entry for what the names begin behind.
    if (name.length === 2 && name[0] === 0x2e && node.type === NodeType.directory) return;
    try {
      if (name.length > NAME_LENGTH_MAX) throw new BcatError("corrupt", `its name has ${name.length} bytes`);
      if (node.content !== undefined) await requireContent(repository, run, node.content);
    } catch (error) {
      await tolerate(repository, error);
      run.report(path, error);
      return;
    }
    await this.#add({ path, node, head: headOf(node, name, typeBits) });
  }

  async finish(): Promise<void> {
    await this.#stream.finish();
    await this.#writer.finish();
  }

  async close(): Promise<void> {
    await this.#stream.close();
  }

  async #add(item: ZipItem): Promise<void> {
    const { repository, run } = this.#parts;
    const stream = this.#stream;
    const { content, target } = item.node;
    stream.begin(item);
    if (target !== undefined) await stream.add(target);
    if (content !== undefined) await addContent({ repository, run, stream }, content);
    stream.end();
    await run.breathe(0);
  }

  /** Whole entries of a window are packed beside each other. */
  async #write({ bytes, spans }: Window<ZipItem>): Promise<void> {
    const contents = spans.map(({ start, end }) => bytes.subarray(start, end));
    const packed = spans.map((span, i) => (isWhole(span) ? packContent(contents[i]!) : undefined));
    for (const one of packed) one?.catch(() => {});
    for (const [i, span] of spans.entries()) {
      if (!this.#parts.run.takes(span)) continue;
      const whole = packed[i];
      if (whole !== undefined) await this.#writer.addWhole(span.item.head, await whole);
      else await this.#addPart(span, contents[i]!);
    }
    await this.#writer.flush();
    if (this.#writer.directorySize <= zipDirectorySizeMax) return;
    const found = `its directory would have more than ${zipDirectorySizeMax} bytes`;
    throw new BcatError("refused", `Cannot dump into a zip archive: ${found}; use --archive tar`);
  }

  async #addPart({ item: { head, node }, isFirst, isLast }: Span<ZipItem>, content: Uint8Array): Promise<void> {
    if (isFirst) await this.#writer.begin(head, node.content === undefined ? 0 : contentSize(node.content), content);
    await this.#writer.addPart(content);
    if (isLast) await this.#writer.end();
  }
}

function isWhole({ isFirst, isLast }: Span): boolean {
  return isFirst && isLast;
}

function headOf({ mode, uid, gid, mtimeSeconds }: Node, name: Uint8Array, typeBits: number): ZipEntryHead {
  return { name, mode: typeBits | mode, uid, gid, mtimeSeconds };
}
