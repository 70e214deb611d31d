/** Whether a file of the target holds what the snapshot has. */
import type { Repository } from "@bcat/repository";
import { compareBytes } from "../tree/name.js";
import { type Content, contentSize } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { LocalFile } from "./local-file.js";
import type { RestoreRun } from "./restore-run.js";

/** Reads up to the first difference. @throws CorruptError when the list of chunks cannot be read */
export async function holdsContent(
  file: LocalFile,
  content: Content,
  { repository, run }: { readonly repository: Repository; readonly run: Pick<RestoreRun, "breathe"> },
): Promise<boolean> {
  if (file.stat.size !== contentSize(content)) return false;
  if (content.kind === "inline") {
    const found = file.read(0, content.bytes.length);
    return found !== undefined && compareBytes(found, content.bytes) === 0;
  }
  let position = 0;
  for await (const chunks of readChunkReferences(repository, content)) {
    for (const chunk of chunks) {
      if (file.chunk(chunk, position) === undefined) return false;
      position += chunk.length;
      const turn = run.breathe(chunk.length);
      if (turn !== undefined) await turn;
    }
  }
  return true;
}
