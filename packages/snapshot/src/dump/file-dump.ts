/** The bytes of one file. */
import type { Entry } from "../root-entries.js";
import { addContent, requireContent } from "./file-content.js";
import { OrderedStream } from "./ordered-stream.js";
import type { ArchiveParts } from "./tar-dump.js";
import type { Window } from "./window.js";

/** @throws CorruptError when a part cannot be read: what was written ends before it */
export async function dumpFile({ repository, run, sink }: ArchiveParts, { path, node }: Entry): Promise<void> {
  const content = node.content!;
  run.reach(path);
  await requireContent(repository, run, content);
  const write = async ({ bytes, length, spans }: Window) => {
    for (const { item } of spans) if (item.failure !== undefined) item.isBegun = true;
    for (const span of spans) run.takes(span);
    if (length > 0) await sink.write(bytes.subarray(0, length));
  };
  const stream = new OrderedStream({ repository, write });
  try {
    stream.begin({ path, node });
    await addContent({ repository, run, stream }, content);
    stream.end();
    await stream.finish();
  } finally {
    await stream.close();
  }
}
