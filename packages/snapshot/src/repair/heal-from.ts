/**
 * Heals from another repository: chunks cannot be taken from there by id, since it has other keys, so the files concerned
 * are read there, cut and hashed here, and exactly the chunks that are missing are stored.
 *
 *     what is lost, by path ──► the other's file or folder ──read──► cut as ours ──missing here──► own packs ──► compaction
 */
import { isBcatError } from "@bcat/errors";
import { type BlobKind, DATA } from "@bcat/pack";
import { CheckRun, type Repository, WriteSession } from "@bcat/repository";
import { COMPRESSION_LEVELS } from "../backup/options.js";
import { keptSnapshots, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { encodeContent } from "../tree/content.js";
import { compareBytes } from "../tree/name.js";
import { type Content, contentSize, type Node, type TreeReference } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { HealedFrom, HealFromOptions, Unhealed } from "./options.js";
import { OtherEntries } from "./other-entries.js";
import { Recut } from "./recut.js";
import { SoundReferences } from "./sound-references.js";
import { type Loss, TreeRewriter } from "./tree-rewriter.js";

/** Rounds at most: a folder that was healed shows what is lost in it. */
const ROUNDS_MAX = 20;
/** What is not healed and named; more are counted. */
const UNHEALED_MAX = 100;

/** @throws BcatError refused, identity-changed, interrupted; CorruptError when registers or the index are damaged; StorageError */
export async function healFrom(
  given: Repository,
  otherGiven: Repository,
  options: HealFromOptions = {},
): Promise<HealedFrom> {
  const ours = given.withoutKeptTrees().withSignal(options.signal);
  const other = otherGiven.withSignal(options.signal);
  await other.refresh();
  await ours.refresh();
  const entries = new OtherEntries(other);
  const sum = { files: 0, folders: 0, chunks: 0, sessions: [] as number[] };
  for (let round = 0; ; round++) {
    const healing = new Healing({ ours, other, entries, options });
    const done = await healing.run();
    sum.files += done.files;
    sum.folders += done.folders;
    sum.chunks += done.chunks;
    if (done.session !== undefined) sum.sessions.push(done.session);
    const isOver = done.folders === 0 || options.dryRun === true || round === ROUNDS_MAX;
    if (isOver) return { ...sum, unhealed: done.unhealed, unhealedCount: done.unhealedCount };
  }
}

interface Parts {
  readonly ours: Repository;
  readonly other: Repository;
  readonly entries: OtherEntries;
  readonly options: HealFromOptions;
}

/** Something of ours that is lost, and where it was met first. */
interface Lost {
  readonly info: SnapshotInfo;
  readonly loss: Loss;
}

interface Healed {
  readonly chunks: number;
  readonly isWhole: boolean;
}

class Healing {
  readonly #parts: Parts;
  readonly #run: CheckRun;
  #trees = 0;
  #session: WriteSession | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#run = new CheckRun(parts.options);
  }

  async run(): Promise<
    { files: number; folders: number; chunks: number; session: number | undefined } & Pick<
      HealedFrom,
      "unhealed" | "unhealedCount"
    >
  > {
    const done = { files: 0, folders: 0, chunks: 0, unhealed: [] as Unhealed[], unhealedCount: 0 };
    const sound = await this.#look();
    try {
      for (const lost of (await this.#findLost(sound)).values()) {
        const { chunks, isWhole } = await this.#heal(lost, sound);
        done.chunks += chunks;
        if (!isWhole) {
          done.unhealedCount++;
          if (done.unhealed.length < UNHEALED_MAX)
            done.unhealed.push({ path: lost.loss.path, snapshot: lost.info.number });
        } else if (lost.loss.what === "file") done.files++;
        else done.folders++;
      }
      return { ...done, session: await this.#commit() };
    } catch (error) {
      await this.#session?.abandon();
      throw error;
    }
  }

  async #look(): Promise<SoundReferences> {
    const { ours, options } = this.#parts;
    const index = await ours.index();
    for (const name of options.badPacks ?? []) index.condemn(name);
    const step = async () => await this.#run.step("trees", ++this.#trees, undefined);
    return new SoundReferences({ repository: ours, index, session: undefined, step });
  }

  /** What is lost of all snapshots, each content and folder once. Memory: about 500 bytes each. */
  async #findLost(sound: SoundReferences): Promise<Map<string, Lost>> {
    const { ours } = this.#parts;
    const found = new Map<string, Lost>();
    for (const { number } of keptSnapshots(ours).reverse()) {
      const info = await readSnapshot(ours, number);
      if (info === undefined) continue;
      const onLoss = (loss: Loss) => {
        const key = keyOf(loss);
        if (key !== undefined && !found.has(key)) found.set(key, { info, loss });
      };
      const rewriter = new TreeRewriter({ repository: ours, sound, session: undefined, onLoss });
      for (const root of info.snapshot.roots) await rewriter.root(root);
    }
    return found;
  }

  /** Chunks that came back, and whether these were all that are lost. */
  async #heal({ info, loss }: Lost, sound: SoundReferences): Promise<Healed> {
    const { entries } = this.#parts;
    const { node, path } = loss;
    const fits = (candidate: Node) =>
      node === undefined ? candidate.subtree !== undefined : isSameFile(candidate, node);
    let chunks = 0;
    for await (const candidate of entries.find(path, info, fits)) {
      try {
        const healed = await this.#healBy(candidate, loss, sound);
        chunks += healed.chunks;
        if (healed.isWhole) return { chunks, isWhole: true };
      } catch (error) {
        // Damaged there, too.
        if (!isBcatError(error, "corrupt")) throw error;
      }
    }
    return { chunks, isWhole: false };
  }

  async #healBy(candidate: Node, { node, subtree }: Loss, sound: SoundReferences): Promise<Healed> {
    if (node?.content !== undefined && candidate.content !== undefined)
      return await this.#healContent(node.content, candidate.content, sound);
    if (subtree === undefined || candidate.subtree === undefined) return { chunks: 0, isWhole: false };
    const chunks = await this.#healTree(subtree, candidate.subtree);
    return { chunks, isWhole: chunks > 0 };
  }

  async #healContent(content: Content, theirs: Content, sound: SoundReferences): Promise<Healed> {
    const isLost = async (id: Uint8Array) => this.#session?.has(DATA, id) !== true && !(await sound.hasChunk(DATA, id));
    const wanted = await lostChunks(this.#parts.ours, content, isLost);
    if (wanted !== undefined) {
      const wants = (_: BlobKind, id: Uint8Array) => wanted.delete(hexOf(id));
      const chunks = await this.#recut(wants, (recut) => recut.content(theirs));
      return { chunks, isWhole: wanted.size === 0 };
    }
    // The list of its chunks is lost: only the whole can tell whether it is the same.
    const same = await this.#recutDry((recut) => recut.content(theirs));
    if (compareBytes(encodeContent(same), encodeContent(content)) !== 0) return { chunks: 0, isWhole: false };
    const chunks = await this.#recut(this.#isMissing, (recut) => recut.content(theirs));
    return { chunks, isWhole: chunks > 0 };
  }

  async #healTree(reference: TreeReference, theirs: TreeReference): Promise<number> {
    const same = await this.#recutDry((recut) => recut.tree(theirs));
    if (compareBytes(same.id, reference.id) !== 0) return 0;
    return await this.#recut(this.#isMissing, (recut) => recut.tree(theirs));
  }

  readonly #isMissing = (kind: BlobKind, id: Uint8Array): boolean => this.#session?.has(kind, id) === false;

  async #recutDry<T>(make: (recut: Recut) => Promise<T>): Promise<T> {
    const { ours, other } = this.#parts;
    return await make(new Recut({ ours, other, session: undefined, wants: () => false }));
  }

  async #recut(
    wants: (kind: BlobKind, id: Uint8Array) => boolean,
    make: (recut: Recut) => Promise<unknown>,
  ): Promise<number> {
    const { ours, other, options } = this.#parts;
    this.#session ??= await WriteSession.begin(ours, {
      level: COMPRESSION_LEVELS.auto,
      dryRun: options.dryRun === true,
    });
    for (const name of options.badPacks ?? []) (await ours.index()).condemn(name);
    const recut = new Recut({ ours, other, session: this.#session, wants });
    await make(recut);
    return recut.found;
  }

  /** Number of the session; undefined where nothing came back. */
  async #commit(): Promise<number | undefined> {
    const session = this.#session;
    if (session === undefined) return undefined;
    if (this.#parts.options.dryRun === true) {
      await session.abandon();
      return undefined;
    }
    await session.flush();
    const { segments } = session.chunks;
    if (segments.length === 0) await session.giveUp("nothing could be healed");
    else await session.session.decide({ kind: "compaction", added: segments, removed: [] });
    return segments.length === 0 ? undefined : session.number;
  }
}

function keyOf({ node, subtree }: Loss): string | undefined {
  if (node?.content !== undefined) return `file ${hexOf(encodeContent(node.content))}`;
  return subtree === undefined ? undefined : `folder ${hexOf(subtree.id)}`;
}

function isSameFile(candidate: Node, node: Node): boolean {
  if (candidate.content === undefined || node.content === undefined) return false;
  if (contentSize(candidate.content) !== contentSize(node.content)) return false;
  return candidate.mtimeSeconds === node.mtimeSeconds && candidate.mtimeNanoseconds === node.mtimeNanoseconds;
}

/** Ids of chunks that are lost, in hexadecimal; undefined when it is not known which there are. */
async function lostChunks(
  ours: Repository,
  content: Content,
  isLost: (id: Uint8Array) => Promise<boolean>,
): Promise<Set<string> | undefined> {
  const lost = new Set<string>();
  try {
    for await (const chunks of readChunkReferences(ours, content)) {
      for (const { id } of chunks) if (await isLost(id)) lost.add(hexOf(id));
    }
    return lost;
  } catch (error) {
    if (!isBcatError(error, "corrupt")) throw error;
    return undefined;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
