/** Backs up a stream as one file: standard input, or what a program prints. */
import { createCutter } from "@bcat/chunker";
import { SourceError } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import { checkSnapshotTexts, type Repository, type Root, WriteSession } from "@bcat/repository";
import { recordExcludes } from "../choosing/choice-options.js";
import { findSnapshot } from "../snapshots.js";
import { encodeContent } from "../tree/content.js";
import { decodeLeaf, encodeLeaf } from "../tree/leaf.js";
import { compareBytes, showName } from "../tree/name.js";
import { type Content, contentSize, type NodeToWrite, NodeType } from "../tree/node.js";
import { findParents } from "./backup.js";
import { BackupRun } from "./backup-run.js";
import { commitBackup } from "./commit.js";
import { ContentWriter } from "./content-writer.js";
import type { Change } from "./linked-files.js";
import { type BackupOptions, type BackupSummary, COMPRESSION_LEVELS } from "./options.js";
import { noOwnerNames } from "./owners.js";

/** A dump may hold what is nobody else's business. */
const MODE = 0o600;
const NO_NAME = new Uint8Array(0);

export interface StreamToStore {
  /** Absolute and normalised: where the file seems to have been. */
  readonly path: Uint8Array;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Awaited when the bytes have ended. @throws SourceError when they do not count: then nothing is committed */
  readonly ended: () => Promise<void>;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Stores the stream and commits a snapshot of it. Its memory does not grow with the stream.
 *
 * @throws BcatError source-failed when the stream fails or has no bytes, and for what {@link StreamToStore.ended} says;
 * interrupted; StorageError; CorruptError. Nothing is committed then
 */
export async function backupStream(
  given: Repository,
  stream: StreamToStore,
  options: BackupOptions,
): Promise<BackupSummary> {
  checkSnapshotTexts({ ...options, excludes: recordExcludes(options) });
  const repository = given.withSignal(options.signal);
  const { now } = repository.environment;
  const start = now();
  const run = new BackupRun({ options, now });
  const chosen = options.parent === undefined ? undefined : await findSnapshot(repository, options.parent);
  const level = COMPRESSION_LEVELS[options.compression ?? "auto"];
  const host = options.host === undefined ? {} : { host: options.host };
  const session = await WriteSession.begin(repository, { level, dryRun: options.dryRun === true, ...host });
  try {
    const parents = await findParents(session, [stream.path], { ...options, records: 0, takesContents: true }, chosen);
    run.begin(session, parents.totals);
    const content = await storeStream({ session, run }, stream);
    const before = parents.of(stream.path)[0]?.root;
    const change = compareWith(before, content);
    count(run, change, contentSize(content));
    // A stream has no time of its own that could be the same.
    const isSame = options.skipIfUnchanged === true && change === "unmodified";
    const time = options.time ?? start;
    const node = isSame ? before!.node : encodeLeaf([nodeOf(stream, content, { ...options, time })], { root: true });
    const roots = [{ path: stream.path, node, scan: NO_NAME }];
    return await commitBackup({ run, posix: undefined, session, options, parents, start, records: 0 }, roots);
  } catch (error) {
    await session.abandon();
    throw error;
  }
}

async function storeStream(
  { session, run }: { session: WriteSession; run: BackupRun },
  { path, bytes, ended }: StreamToStore,
): Promise<Content> {
  const { repository } = session;
  const { chunker } = repository;
  const cutter = createCutter(chunker, repository.gear());
  const writer = new ContentWriter({ session, kind: DATA, cutter, minimum: chunker.minimum });
  run.currentPath = () => path;
  let size = 0;
  for await (const piece of bytes) {
    for (let done = 0; done < piece.length; ) {
      const { space } = writer;
      const part = piece.subarray(done, done + space.length);
      space.set(part);
      writer.advance(part.length);
      done += part.length;
    }
    size += piece.length;
    await run.breathe(0, piece.length);
  }
  await ended();
  // What comes of a pipe whose other end has failed.
  if (size === 0) throw new SourceError(`Cannot back up ${showName(path)}: there was no data; nothing was committed`);
  return writer.finish();
}

function compareWith(root: Root | undefined, content: Content): Change {
  const before = root === undefined ? undefined : decodeLeaf(root.node, { root: true })[0]?.content;
  if (before === undefined) return "new";
  return compareBytes(encodeContent(before), encodeContent(content)) === 0 ? "unmodified" : "changed";
}

function count({ counts }: BackupRun, change: Change, size: number): void {
  counts.files = 1;
  counts.bytes = size;
  counts.filesNew = Number(change === "new");
  counts.filesChanged = Number(change === "changed");
  counts.filesUnmodified = Number(change === "unmodified");
}

function nodeOf(
  { uid, gid }: StreamToStore,
  content: Content,
  { owners = noOwnerNames, time }: Pick<BackupOptions, "owners"> & { readonly time: number },
): NodeToWrite {
  const mtimeSeconds = Math.floor(time / 1000);
  return {
    name: NO_NAME,
    type: NodeType.file,
    mode: MODE,
    uid,
    gid,
    user: owners.user(uid),
    group: owners.group(gid),
    mtimeSeconds,
    mtimeNanoseconds: (time - mtimeSeconds * 1000) * 1_000_000,
    content,
  };
}
