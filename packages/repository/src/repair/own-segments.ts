/** Segments of a session that name packs which others have stored: nobody names another session's segments. */
import { type BlobKind, buildSegment, DATA, type IndexedPack, TREE } from "@bcat/pack";
import type { SegmentReference } from "../bodies/references.js";
import { partsOf } from "../repository.js";
import type { Session } from "../session.js";
import type { ReadPack } from "./indexed-pack.js";

/** Packs named by one segment at most; and their chunks, so that it stays below the format's 64 MiB. */
const PACKS_MAX = 1024;
const CHUNKS_MAX = 2_000_000;

interface Waiting {
  packs: IndexedPack[];
  chunks: number;
}

export class OwnSegments {
  /** Those that are durable. */
  readonly segments: SegmentReference[] = [];
  readonly #session: Session;
  readonly #waiting: Record<BlobKind, Waiting> = { [DATA]: { packs: [], chunks: 0 }, [TREE]: { packs: [], chunks: 0 } };

  constructor(session: Session) {
    this.#session = session;
  }

  /** Takes a durable pack that has chunks. */
  async add(pack: ReadPack): Promise<void> {
    const waiting = this.#waiting[pack.kind];
    const isFull = waiting.packs.length >= PACKS_MAX || waiting.chunks + pack.chunks.count > CHUNKS_MAX;
    if (isFull) await this.#write(pack.kind);
    waiting.packs.push(pack);
    waiting.chunks += pack.chunks.count;
  }

  /** Makes all that was added durable. */
  async finish(): Promise<void> {
    for (const kind of [DATA, TREE] as const) if (this.#waiting[kind].packs.length > 0) await this.#write(kind);
  }

  async #write(kind: BlobKind): Promise<void> {
    const { packs } = this.#waiting[kind];
    const { context, storage, history } = partsOf(this.#session.repository);
    const segment = { kind, epoch: history.epoch, domain: 0, session: this.#session.number };
    const { name, bytes, reference } = buildSegment(context, segment, packs);
    await storage.put(name, bytes);
    this.segments.push({ ...reference, size: bytes.length, hash: context.blake3.hash(bytes) });
    this.#session.own.add(name, bytes);
    this.#waiting[kind].packs = [];
    this.#waiting[kind].chunks = 0;
  }
}
