/** Reads index segments as outcomes name them. */
import { CorruptError } from "@bcat/errors";
import { type PackContext, segmentName } from "@bcat/pack";
import type { Objects } from "@bcat/storage";
import type { SegmentReference } from "./bodies/references.js";

/** The bytes of a segment. @throws CorruptError naming it when it is missing or not what the outcome names */
export async function readSegment(
  { storage, context }: { readonly storage: Objects; readonly context: PackContext },
  reference: SegmentReference,
): Promise<Uint8Array> {
  const name = segmentName(reference);
  const damaged = (found: string) => new CorruptError(`Cannot read segment "${name}": ${found}`, { object: name });
  const bytes = await storage.get(name);
  if (bytes === undefined) throw damaged("it is missing");
  const isRight = bytes.length === reference.size && Buffer.compare(context.blake3.hash(bytes), reference.hash) === 0;
  if (!isRight) throw damaged("its bytes are not those its outcome names");
  return bytes;
}
