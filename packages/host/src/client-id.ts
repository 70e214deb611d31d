/** The id by which a user on a machine is known in snapshots: 16 random bytes, kept as hex in the cache folder. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isExhaustion, StorageError } from "@bcat/errors";

const clientIdSize = 16;
const clientIdFile = "client";

/**
 * The id that is kept, or a new one, which is then kept. Where nothing can be kept, it is new each time: it tells
 * machines apart in listings and decides nothing.
 */
export async function loadClientId(
  cache: string | undefined,
  random: (length: number) => Uint8Array,
): Promise<Uint8Array> {
  const fresh = random(clientIdSize);
  if (cache === undefined) return fresh;
  const path = join(cache, clientIdFile);
  const kept = await readClientId(path);
  if (kept !== undefined) return kept;
  try {
    await writeFile(path, `${Buffer.from(fresh).toString("hex")}\n`, { mode: 0o600 });
  } catch {
    return fresh;
  }
  // Another process may have written at the same time: both take what stayed.
  return (await readClientId(path)) ?? fresh;
}

async function readClientId(path: string): Promise<Uint8Array | undefined> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    return /^[0-9a-f]{32}$/.test(text) ? Buffer.from(text, "hex") : undefined;
  } catch (error) {
    if (!isExhaustion(error)) return undefined;
    throw new StorageError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
