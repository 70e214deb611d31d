/**
 * The runs of a local index on disk, made and opened by `@bcat/pack` as a repository does. All that knows the interface
 * of that package is here.
 */
import { closeSync, openSync, readdirSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { loadBlake3, loadGcm, RepositoryKeys } from "@bcat/crypto";
import { buildSegment, ChunkIndex, DATA, loadZstd, mergeSegments, PageCache, RunFiles, Segment } from "@bcat/pack";
import { createKeystream } from "../workloads/keystream.mjs";
import { idsFrom } from "./ids.mjs";

/** Chunks of a segment as a backup stores it, and of its packs. */
const SEGMENT_CHUNKS = 2_000_000;
const PACK_CHUNKS = 500;
const CHUNK_SIZE = 131_072;
const FRAMES = 64;
/** As repositories have it. */
const PAGES_SIZE_MAX = 64 * 2 ** 20;
const RUN_PREFIX = "run-";

export async function createContext() {
  const random = createKeystream("index");
  const keys = new RepositoryKeys(new Uint8Array(32).fill(7), new Uint8Array(16).fill(9));
  return { keys, blake3: loadBlake3("auto"), gcm: loadGcm("auto"), zstd: await loadZstd("auto"), random };
}

/** Writes one run over the chunks numbered from `first`: merged from segments where it takes several. */
export function writeRun(context, { folder, name, first, count }) {
  const segments = [];
  const pages = new PageCache(PAGES_SIZE_MAX);
  // A merge reads all of them by turns.
  const files = new RunFiles({ openMax: Math.ceil(count / SEGMENT_CHUNKS) });
  for (let done = 0; done < count; done += SEGMENT_CHUNKS) {
    const built = buildOne(context, first + done, Math.min(SEGMENT_CHUNKS, count - done));
    const file = join(folder, `part-${done}`);
    const sink = openSync(file, "wx");
    writeWhole(sink, built.bytes);
    closeSync(sink);
    segments.push({ file, segment: new Segment(context, { name: built.name, source: sourceOf(files, file) }, pages) });
  }
  const sink = openSync(join(folder, `${RUN_PREFIX}${name}`), "wx");
  const target = {
    name: `cache/${name}`,
    epoch: 0,
    domain: 0,
    isPadded: false,
    sink: (piece) => writeWhole(sink, piece),
  };
  mergeSegments(
    context,
    segments.map(({ segment }) => segment),
    target,
  );
  closeSync(sink);
  for (const { file, segment } of segments) {
    segment[Symbol.dispose]();
    unlinkSync(file);
  }
}

/** Opens all runs of the folder. @returns `{has(id), locate(id)}` */
export function openRuns(context, folder) {
  const index = new ChunkIndex();
  const pages = new PageCache(PAGES_SIZE_MAX);
  const files = new RunFiles();
  for (const file of readdirSync(folder).filter((each) => each.startsWith(RUN_PREFIX))) {
    const source = sourceOf(files, join(folder, file));
    const name = `cache/${file.slice(RUN_PREFIX.length)}`;
    index.addSegment(new Segment(context, { name, source, sizeMax: Number.MAX_SAFE_INTEGER }, pages));
  }
  return { has: (id) => index.has(DATA, id), locate: (id) => index.locate(DATA, id) };
}

function buildOne(context, first, count) {
  const packs = [];
  for (let done = 0; done < count; done += PACK_CHUNKS) {
    packs.push(createPack(context, first + done, Math.min(PACK_CHUNKS, count - done)));
  }
  return buildSegment(context, { kind: DATA, epoch: 0, domain: 0, session: 1 }, packs);
}

/** A pack of stored frames of 1 MiB, with every chunk of one size. */
function createPack(context, first, count) {
  const salt = new Uint8Array(16);
  const plainLength = 2 ** 20;
  const storedLength = plainLength + 16;
  const frames = Array.from({ length: FRAMES }, (_, i) => {
    const place = { storedOffset: i * storedLength, storedLength, plainOffset: i * plainLength, plainLength };
    return { key: 0, codec: 0, salt, ...place };
  });
  return {
    reference: { session: 1, unique: Uint8Array.from(context.random(16)) },
    size: FRAMES * storedLength,
    keys: [{ kind: 1, epoch: 0, domain: 0, encapsulation: new Uint8Array(32) }],
    frames,
    chunks: {
      count,
      ids: idsFrom(first, count),
      offsets: Uint32Array.from({ length: count }, (_, i) => i * CHUNK_SIZE),
      lengths: new Uint32Array(count).fill(CHUNK_SIZE),
    },
  };
}

function writeWhole(file, bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

function sourceOf(files, path) {
  return files.source({
    path,
    size: statSync(path).size,
    damage: `Cannot read "${path}"`,
    manifest: `${path}.manifest`,
  });
}
