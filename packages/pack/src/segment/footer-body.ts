/**
 * Opens the sealed footer of a segment into shared memory (docs/format.md section 11):
 *
 *     footer | u32 footer length | "BCATSEGMENT1"        footer: GCM(u32 length of the body | body | zeros)
 *
 * The footer of 100 million entries has 120 MB, and fresh memory costs more than opening: it is read to where it stays and
 * opened there. Where `node:crypto` must do, it goes there in pieces.
 */
import { GcmOpening } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { readU32 } from "../read-u32.js";
import { FOOTER_FIXED, FOOTER_PAGE, HEADER_SIZE, pageNonce, TAG_SIZE, TRAILER_MAGIC, TRAILER_SIZE } from "./layout.js";
import type { SealedPages } from "./sealed-pages.js";

/** Bytes opened, or compared with zeros, at once. */
const PIECE_SIZE = 64 * 1024;
const ZEROS = Buffer.alloc(PIECE_SIZE);
const PREFIX_SIZE = 4;
/** Zeros behind a body that are kept in memory rather than copying it: a quarter of its length. */
const SLACK_MAX = 0.25;

/** The body of the footer. @throws CorruptError naming the segment, or the fault of its source */
export function openFooterBody(pages: SealedPages): Uint8Array {
  const { offset, length } = findFooter(pages);
  const padded = new Uint8Array(new SharedArrayBuffer(length));
  const isOpen = pages.opensInPlace
    ? openInPlace(pages, offset, padded)
    : openInPieces(pages, offset, padded.subarray(0, length - TAG_SIZE));
  if (!isOpen) throw pages.damaged("the tag of its footer does not verify");
  return bodyOf(padded.subarray(0, length - TAG_SIZE), pages.name);
}

function findFooter(pages: SealedPages): { offset: number; length: number } {
  const { source } = pages;
  const trailer = source.read(source.size - TRAILER_SIZE, TRAILER_SIZE);
  if (trailer.length !== TRAILER_SIZE || Buffer.compare(trailer.subarray(4), TRAILER_MAGIC) !== 0) {
    throw pages.damaged("its last bytes are not a trailer");
  }
  const length = readU32(trailer, 0);
  const offset = source.size - TRAILER_SIZE - length;
  if (offset < HEADER_SIZE || length < PREFIX_SIZE + FOOTER_FIXED + TAG_SIZE) {
    throw pages.damaged(`footer of ${length} bytes`);
  }
  return { offset, length };
}

/** @param memory as long as the sealed footer */
function openInPlace(pages: SealedPages, offset: number, memory: Uint8Array): boolean {
  const sealed = pages.source.read(offset, memory.length, memory);
  return sealed.length === memory.length && pages.openInto(FOOTER_PAGE, sealed, memory);
}

/** @param padded takes the opened footer, which is not to be trusted when this is false */
function openInPieces(pages: SealedPages, offset: number, padded: Uint8Array): boolean {
  const { source, key, additional } = pages;
  const tag = source.read(offset + padded.length, TAG_SIZE).slice();
  if (tag.length !== TAG_SIZE) return false;
  const opening = new GcmOpening(key, pageNonce(FOOTER_PAGE), additional, tag);
  const scratch = new Uint8Array(PIECE_SIZE);
  for (let at = 0; at < padded.length; at += PIECE_SIZE) {
    const length = Math.min(PIECE_SIZE, padded.length - at);
    padded.set(opening.update(source.read(offset + at, length, scratch)), at);
  }
  return opening.end();
}

function bodyOf(padded: Uint8Array, name: string): Uint8Array {
  const damaged = (found: string) => new CorruptError(`Cannot open "${name}": ${found}`, { object: name });
  const length = readU32(padded, 0);
  const end = PREFIX_SIZE + length;
  if (end > padded.length) throw damaged(`body length ${length} is above the ${padded.length - PREFIX_SIZE} there are`);
  if (length < FOOTER_FIXED) throw damaged(`footer body of ${length} bytes`);
  for (let at = end; at < padded.length; at += PIECE_SIZE) {
    const piece = padded.subarray(at, at + PIECE_SIZE);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) throw damaged("padding is not zero");
  }
  const body = padded.subarray(PREFIX_SIZE, end);
  if (padded.length - end <= SLACK_MAX * length) return body;
  const copy = new Uint8Array(new SharedArrayBuffer(length));
  copy.set(body);
  return copy;
}
