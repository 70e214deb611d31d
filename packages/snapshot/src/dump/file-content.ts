/** The content of a file on its way into a dump. */
import { DATA } from "@bcat/pack";
import { missingChunk, type Repository } from "@bcat/repository";
import { tarBlockSize } from "../archive/tar-header.js";
import type { ChunkReference, Content } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { DumpRun } from "./dump-run.js";
import type { OrderedStream } from "./ordered-stream.js";

const ZEROS = new Uint8Array(2 * tarBlockSize);

/**
 * Looks up where all of the content is: what is known to be missing is found out before anything of the file is written.
 *
 * @throws CorruptError, StorageError
 */
export async function requireContent(repository: Repository, run: DumpRun, content: Content): Promise<void> {
  const index = await repository.index();
  for await (const chunks of readChunkReferences(repository, content)) {
    for (const { id } of chunks) {
      if (index.locate(DATA, id).length === 0) throw missingChunk(id, { problems: repository.history.problems });
    }
    await run.breathe(0);
  }
}

/** Adds the content to what was begun in the stream. */
export async function addContent(
  {
    repository,
    run,
    stream,
  }: { repository: Repository; run: DumpRun; stream: Pick<OrderedStream, "add" | "addChunk"> },
  content: Content,
  zerosOf: (chunk: ChunkReference) => number | undefined = () => undefined,
): Promise<void> {
  if (content.kind === "inline") {
    const waiting = stream.add(content.bytes);
    if (waiting !== undefined) await waiting;
    return;
  }
  for await (const chunks of readChunkReferences(repository, content)) {
    for (const chunk of chunks) {
      const zeros = zerosOf(chunk);
      const waiting = addOne(stream, chunk, zeros) ?? run.breathe(zeros ?? chunk.length);
      if (waiting !== undefined) await waiting;
    }
  }
}

/** @param zeros less than two blocks */
function addOne(
  stream: Pick<OrderedStream, "add" | "addChunk">,
  chunk: ChunkReference,
  zeros: number | undefined,
): Promise<void> | undefined {
  if (zeros === undefined) return stream.addChunk(chunk);
  return zeros === 0 ? undefined : stream.add(ZEROS.subarray(0, zeros));
}
