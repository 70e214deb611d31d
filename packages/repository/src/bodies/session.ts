/**
 * The body of `sessions/<n>`, docs/format.md section 7: who took the number.
 *
 *     1 c  u8 kind: 1 backup, 2 prune      4  user
 *     2    time of start                   5  client id, 16 bytes
 *     3    host                            6  program version
 */

import { decodeRecord, type Field } from "@bcat/codec";
import { smallBodySizeMax } from "./config.js";
import { BodyReader, BodyWriter, recordLayout, writeFixed } from "./fields.js";
import { newerKind } from "./newer.js";

export const clientIdSize = 16;

export interface SessionBody {
  readonly kind: "backup" | "prune";
  readonly start: number;
  readonly host: string;
  readonly user: string;
  /** {@link clientIdSize} bytes. */
  readonly clientId: Uint8Array;
  /** Of the program. */
  readonly version: string;
  /** Fields of a newer version, kept. */
  readonly unknown?: readonly Field[];
}

const layout = recordLayout({ critical: [1], other: [2, 3, 4, 5, 6] });
const kinds = ["backup", "prune"] as const;

export function encodeSession(session: SessionBody): Uint8Array {
  const body = new BodyWriter(layout);
  body.field(1, (writer) => writer.u8(kinds.indexOf(session.kind) + 1));
  body.field(2, (writer) => writer.time(session.start));
  body.text(3, session.host);
  body.text(4, session.user);
  body.field(5, (writer) => writeFixed(writer, session.clientId, clientIdSize));
  body.text(6, session.version);
  return body.finish(session.unknown);
}

export function decodeSession(bytes: Uint8Array, what = "session"): SessionBody {
  const body = new BodyReader(decodeRecord(bytes, { known: layout, limit: smallBodySizeMax, what }), what);
  const kindNumber = body.field(1, (reader) => reader.u8());
  const kind = kinds[kindNumber - 1];
  if (kind === undefined) throw newerKind(what, `session kind ${kindNumber}`);
  return {
    kind,
    start: body.field(2, (reader) => reader.time()),
    host: body.text(3),
    user: body.text(4),
    clientId: body.field(5, (reader) => reader.raw(clientIdSize)),
    version: body.text(6),
    ...body.unknown(),
  };
}
