/** Reads index segments as outcomes name them. */
import { CorruptError } from "@bcat/errors";
import { type PackContext, segmentName } from "@bcat/pack";
import type { Objects } from "@bcat/storage";
import type { SegmentReference } from "./bodies/references.js";
import { readAndOpen } from "./read-again.js";

/** The bytes of a segment. @param onRight is told that only the second reading was right @throws CorruptError naming it when it is missing or not what the outcome names */
export async function readSegment(
  { storage, context }: { readonly storage: Pick<Objects, "get">; readonly context: PackContext },
  reference: SegmentReference,
  onRight?: () => void,
): Promise<Uint8Array> {
  const name = segmentName(reference);
  const damaged = (found: string) => new CorruptError(`Cannot read segment "${name}": ${found}`, { object: name });
  const checked = (bytes: Uint8Array) => {
    const isRight = bytes.length === reference.size && Buffer.compare(context.blake3.hash(bytes), reference.hash) === 0;
    if (!isRight) throw damaged("its bytes are not those its outcome names");
    return bytes;
  };
  const bytes = await readAndOpen(() => storage.get(name), checked, onRight);
  if (bytes === undefined) throw damaged("it is missing");
  return bytes;
}
