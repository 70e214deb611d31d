/** Checks parity objects: that each is whole, and of the pack that it lies beside. */
import { CorruptError } from "@bcat/errors";
import { decodeParity, parityName } from "@bcat/pack";
import { readAndOpen } from "../read-again.js";
import type { RepositoryParts } from "../repository.js";
import type { CheckRun } from "./check-run.js";

/** Reports parity of a pack that is not as it was written. @param pack is right */
export async function checkParity(
  { repository: { storage, context }, run }: { readonly repository: RepositoryParts; readonly run: CheckRun },
  pack: { readonly name: string; readonly bytes: Uint8Array },
): Promise<void> {
  const name = parityName(pack.name);
  const read = async () => {
    const bytes = await storage.get(name);
    run.bytesRead += bytes?.length ?? 0;
    return bytes;
  };
  const open = (bytes: Uint8Array) => requireParityOf(context, pack, bytes);
  await run.guard(async () => readAndOpen(read, open, () => run.noteWrongOnce(name)), { object: name });
}

/**
 * @param pack its bytes, or the last 32 of them
 * @throws CorruptError naming the parity that `bytes` are, unless it is whole and of this pack; BcatError newer-format
 */
export function requireParityOf(
  { blake3 }: Pick<RepositoryParts["context"], "blake3">,
  pack: { readonly name: string; readonly bytes: Uint8Array },
  bytes: Uint8Array,
): void {
  const name = parityName(pack.name);
  const { isWhole, packHash } = decodeParity(blake3, name, bytes);
  if (!isWhole) throw damaged(name, "a part of it is damaged");
  if (Buffer.compare(packHash, pack.bytes.subarray(-packHash.length)) !== 0)
    throw damaged(name, `it is not of "${pack.name}"`);
}

function damaged(object: string, found: string): CorruptError {
  return new CorruptError(`Cannot use parity "${object}": ${found}`, { object });
}
