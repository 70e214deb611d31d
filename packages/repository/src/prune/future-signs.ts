/**
 * Signs of life that lie in the future: of machines whose clocks are ahead. Such a time tells nothing of how long a
 * session has been silent, so it counts as when this client has met it first, by its own clock (rule 7 of
 * docs/architecture.md). Losing this memory costs the patience once more. Sealed as an object of a name that no object of
 * a repository has.
 *
 *     <folder of the place>/future-signs     list of varint session ‖ time of the sign ‖ time it was met
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "@bcat/codec";
import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import { isSystemError, writeWhole } from "../cache-files.js";
import type { RepositoryParts } from "../repository.js";

const NAME = "future-signs";
/** Sessions that are remembered, the newest. */
const SESSIONS_MAX = 4096;
const OBJECT = { type: ObjectType.PARTIAL, name: "local/future-signs/1", epoch: 0, domain: 0 } as const;

type Parts = Pick<RepositoryParts, "places" | "context" | "environment">;

/** A sign of life, by the clock of its machine, and when it was met, by ours. Milliseconds since 1970. */
interface Met {
  readonly sign: number;
  readonly metAt: number;
}

/**
 * When these sessions gave their last signs of life, as far as our clock can tell: those in the future when they were met
 * first.
 *
 * @param signs by session, as the clocks of their machines say
 */
export function believeSigns(parts: Parts, signs: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const now = parts.environment.now();
  if (![...signs.values()].some((sign) => sign > now)) return signs;
  const known = read(parts);
  const met = new Map<number, Met>();
  for (const [session, sign] of signs) {
    const before = known.get(session);
    if (sign > now) met.set(session, before?.sign === sign ? before : { sign, metAt: now });
  }
  write(parts, met);
  return new Map([...signs].map(([session, sign]) => [session, met.get(session)?.metAt ?? sign]));
}

function read({ places, context }: Parts): ReadonlyMap<number, Met> {
  if (places.folder === undefined) return new Map();
  try {
    const { body } = openObject(context.keys, OBJECT, readFileSync(join(places.folder, NAME)));
    const reader = new ByteReader(body, NAME);
    const met = new Map<number, Met>();
    while (reader.remaining > 0) met.set(reader.varint(), { sign: reader.time(), metAt: reader.time() });
    return met;
  } catch (error) {
    if (isBcatError(error) || isSystemError(error)) return new Map();
    throw error;
  }
}

function write({ places, context }: Parts, met: ReadonlyMap<number, Met>): void {
  if (places.folder === undefined) return;
  const writer = new ByteWriter();
  for (const [session, { sign, metAt }] of [...met].slice(-SESSIONS_MAX)) {
    writer.varint(session);
    writer.time(sign);
    writer.time(metAt);
  }
  const file = { folder: places.folder, name: NAME, random: context.random };
  writeWhole(file, sealObject(context, OBJECT, writer.finish()));
}
