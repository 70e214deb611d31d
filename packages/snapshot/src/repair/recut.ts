/**
 * Cuts and hashes what another repository has as ours would: other keys and another chunker make other chunks there. What
 * comes of it is stored as far as `wants` says.
 */
import { createCutter } from "@bcat/chunker";
import { type BlobKind, DATA, TREE } from "@bcat/pack";
import type { Repository, WriteSession } from "@bcat/repository";
import { ContentWriter } from "../backup/content-writer.js";
import { DirectoryWriter } from "../tree/list-writer.js";
import type { Content, Node, TreeReference } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";

export interface RecutParts {
  readonly other: Repository;
  readonly ours: Repository;
  /** Undefined to store nothing: what it would be is told. */
  readonly session: WriteSession | undefined;
  /** Which of the chunks are stored. */
  readonly wants: (kind: BlobKind, id: Uint8Array) => boolean;
}

export class Recut {
  /** Chunks that were wanted and came up. */
  found = 0;
  readonly #parts: RecutParts;
  readonly #writer: ContentWriter;

  constructor(parts: RecutParts) {
    const { ours } = parts;
    this.#parts = parts;
    const cutter = createCutter(ours.chunker, ours.gear());
    const session = { store: (kind: BlobKind, bytes: Uint8Array) => this.#store(kind, bytes) };
    this.#writer = new ContentWriter({ session, kind: DATA, cutter, minimum: ours.chunker.minimum });
  }

  /** What a content of the other repository is in ours. @throws CorruptError when it cannot be read there */
  async content(content: Content): Promise<Content> {
    const { other, session } = this.#parts;
    this.#writer.reset();
    if (content.kind === "inline") this.#put(content.bytes);
    for await (const chunks of readChunkReferences(other, content)) {
      for (const { id } of chunks) {
        this.#put(await other.readChunk(DATA, id));
        await session?.ready();
      }
    }
    return this.#writer.finish();
  }

  /** What a folder of the other repository is in ours. @throws CorruptError */
  async tree(reference: TreeReference): Promise<TreeReference> {
    const { other, ours } = this.#parts;
    const writer = new DirectoryWriter((bytes) => this.#store(TREE, bytes), ours.nameHash);
    for await (const nodes of readNodes(other, reference)) {
      for (const node of nodes) writer.add(await this.#node(node));
    }
    return writer.finish();
  }

  async #node(node: Node): Promise<Node> {
    const { content, subtree, attributes } = node;
    const ours = { ...node };
    if (content !== undefined) ours.content = await this.content(content);
    if (subtree !== undefined) ours.subtree = await this.tree(subtree);
    if (attributes === undefined) return ours;
    ours.attributes = [];
    for (const { name, content: value } of attributes)
      ours.attributes.push({ name, content: await this.content(value) });
    return ours;
  }

  #put(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const { space } = this.#writer;
      const length = Math.min(space.length, bytes.length - start);
      space.set(bytes.subarray(start, start + length));
      this.#writer.advance(length);
      start += length;
    }
  }

  #store(kind: BlobKind, bytes: Uint8Array): Uint8Array {
    const { ours, session, wants } = this.#parts;
    const id = ours.idHash[kind].hash(bytes).slice();
    if (!wants(kind, id)) return id;
    this.found++;
    session?.store(kind, bytes);
    return id;
  }
}
