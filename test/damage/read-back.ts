/**
 * A restore without a target, for hundreds of thousands of them: the same reading as `restore` of `@bcat/snapshot`, in
 * the same order, with the same errors tolerated; what it would write is compared with what is expected instead.
 */
import { CorruptError, isBcatError } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import { type Node, NodeType, readChunkReferences, readNodes, rootEntries, type SnapshotInfo } from "@bcat/snapshot";

const ID_SIZE = 32;

/** Entries by path: what their nodes say, and the bytes of files. */
export type Expected = ReadonlyMap<string, { readonly line: string; readonly bytes: Uint8Array | undefined }>;

/** What could not be read, as restore would report it. */
export interface Failure {
  readonly message: string;
  readonly object: string | undefined;
}

export interface Reading {
  readonly failures: readonly Failure[];
  /** What was given out as right and is not. */
  readonly wrong: readonly string[];
}

interface PendingFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface Place {
  readonly file: PendingFile;
  readonly position: number;
}

/** @throws what is not damage */
export async function readBack(repository: Repository, info: SnapshotInfo, expected: Expected): Promise<Reading> {
  const walk = new Walk(repository);
  await walk.snapshot(info);
  const { failures } = walk;
  const wrong: string[] = [];
  for (const [path, { line, bytes }] of walk.found) {
    const wanted = expected.get(path);
    if (wanted === undefined) wrong.push(`${path}: is not in the source`);
    else if (wanted.line !== line) wrong.push(`${path}: is ${line}, not ${wanted.line}`);
    else if (bytes !== undefined && Buffer.compare(bytes, wanted.bytes ?? bytes) !== 0)
      wrong.push(`${path}: other bytes`);
  }
  if (failures.length === 0 && walk.found.size !== expected.size) {
    wrong.push(`${walk.found.size} entries instead of ${expected.size}, and no error`);
  }
  return { failures, wrong };
}

/** What a whole repository gives. */
export async function readExpected(repository: Repository, info: SnapshotInfo): Promise<Expected> {
  const walk = new Walk(repository);
  await walk.snapshot(info);
  if (walk.failures.length > 0) throw new Error(walk.failures[0]!.message);
  return walk.found;
}

export function toFailure(error: Error): Failure {
  return { message: error.message, object: error instanceof CorruptError ? error.object : undefined };
}

class Walk {
  readonly found = new Map<string, { readonly line: string; readonly bytes: Uint8Array | undefined }>();
  readonly failures: Failure[] = [];
  readonly #repository: Repository;
  /** Chunks by id, each with all its places: read once, however often a list names it. */
  readonly #wanted = new Map<string, { readonly id: Uint8Array; readonly places: Place[] }>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  async snapshot(info: SnapshotInfo): Promise<void> {
    await this.#tolerate(async () => {
      for (const { path, node } of rootEntries(info)) await this.#entry(Buffer.from(path).toString("latin1"), node);
    });
    await this.#readChunks();
  }

  async #entry(path: string, node: Node): Promise<void> {
    if (node.type === NodeType.file) return await this.#file(path, node);
    this.found.set(path, { line: describeNode(node), bytes: undefined });
    if (node.type !== NodeType.directory) return;
    await this.#tolerate(async () => {
      for await (const nodes of readNodes(this.#repository, node.subtree!)) {
        for (const child of nodes) await this.#entry(`${path}/${Buffer.from(child.name).toString("latin1")}`, child);
      }
    });
  }

  async #file(path: string, node: Node): Promise<void> {
    const content = node.content!;
    const line = describeNode(node);
    if (content.kind === "inline") {
      this.found.set(path, { line, bytes: content.bytes });
      return;
    }
    const places: { id: Uint8Array; length: number }[] = [];
    const isWhole = await this.#tolerate(async () => {
      for await (const chunks of readChunkReferences(this.#repository, content)) places.push(...chunks);
    });
    if (!isWhole) return;
    const size = places.reduce((sum, { length }) => sum + length, 0);
    const file: PendingFile = { path, bytes: new Uint8Array(size) };
    let position = 0;
    for (const { id, length } of places) {
      const key = Buffer.from(id.buffer, id.byteOffset, id.length).toString("latin1");
      const wanted = this.#wanted.get(key) ?? { id, places: [] };
      this.#wanted.set(key, wanted);
      wanted.places.push({ file, position });
      position += length;
    }
    this.found.set(path, { line, bytes: file.bytes });
  }

  async #readChunks(): Promise<void> {
    const wanted = [...this.#wanted.values()];
    const ids = new Uint8Array(wanted.length * ID_SIZE);
    wanted.forEach(({ id }, i) => {
      ids.set(id, i * ID_SIZE);
    });
    await this.#repository.readChunks(
      { kind: DATA, count: wanted.length, ids },
      {
        onChunk: (index, bytes) => {
          for (const place of wanted[index]!.places) this.#write(place, bytes);
        },
        onFailure: (index, error) => {
          for (const { file } of wanted[index]!.places) this.found.delete(file.path);
          this.failures.push(toFailure(error));
        },
      },
    );
  }

  #write({ file, position }: Place, bytes: Uint8Array): void {
    // As in a file, bytes beyond the end would make it longer.
    if (position + bytes.length <= file.bytes.length) file.bytes.set(bytes, position);
    else this.found.set(file.path, { line: "longer than its chunks", bytes: undefined });
  }

  async #tolerate(read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      this.failures.push(toFailure(error));
      return false;
    }
  }
}

function describeNode(node: Node): string {
  const { type, mode, uid, gid, mtimeSeconds, mtimeNanoseconds, target } = node;
  const link = target === undefined ? "" : Buffer.from(target).toString("latin1");
  return `${type} ${mode} ${uid} ${gid} ${mtimeSeconds} ${mtimeNanoseconds} ${link}`;
}
