/** Opens the sealed pieces of a segment: pages and footer (docs/format.md section 11). */
import { decodeHeader, type Gcm, ObjectType, objectKey, openGcmInto } from "@bcat/crypto";
import { type BcatError, CorruptError } from "@bcat/errors";
import type { PackContext } from "../context.js";
import type { ByteSource } from "./byte-source.js";
import { HEADER_SIZE, pageNonce, TAG_SIZE } from "./layout.js";

/** The bytes of a segment, and what opens them. */
export class SealedPages {
  readonly name: string;
  readonly source: ByteSource;
  readonly header: Uint8Array;
  readonly key: Uint8Array;
  readonly additional: Uint8Array;
  /** True when opening takes no memory beside its target. */
  readonly opensInPlace: boolean;
  readonly #gcm: Pick<Gcm, "openInto">;

  /**
   * @param header the first 48 bytes, where they have been read already
   * @throws CorruptError naming the segment, or the fault of its source; BcatError newer-format
   */
  constructor(context: PackContext, segment: { name: string; source: ByteSource; header?: Uint8Array }) {
    const { name, source } = segment;
    this.opensInPlace = context.gcm?.name === "koffi";
    this.#gcm = context.gcm ?? { openInto: openGcmInto };
    this.name = name;
    this.source = source;
    this.header = segment.header ?? source.read(0, HEADER_SIZE).slice();
    if (this.header.length !== HEADER_SIZE) throw this.damaged("its header is cut off");
    const header = decodeHeader(this.header.subarray(0, 16), { type: ObjectType.SEGMENT, name });
    this.key = objectKey(context.keys, header, this.header.subarray(16), name);
    this.additional = Buffer.concat([this.header, Buffer.from(name)]);
  }

  /**
   * Opens page `page`, `size` bytes when opened, which stands at `offset`, into the head of `target`.
   *
   * @param scratch takes the sealed page on its way
   */
  open(page: number, place: { offset: number; size: number }, target: Uint8Array, scratch?: Uint8Array): void {
    const length = place.size + TAG_SIZE;
    const sealed = this.source.read(place.offset, length, scratch);
    if (sealed.length === length && this.openInto(page, sealed, target)) return;
    throw this.damaged(`the tag of page ${page} does not verify`);
  }

  /** Opens the sealed bytes of page `page` into the head of `target`; false when their tag is wrong. */
  openInto(page: number, sealed: Uint8Array, target: Uint8Array): boolean {
    return this.#gcm.openInto(this.key, pageNonce(page), this.additional, sealed, target) >= 0;
  }

  damaged(found: string): BcatError {
    const fault = this.source.fault?.();
    if (fault !== undefined) return fault;
    return new CorruptError(`Cannot read segment "${this.name}": ${found}`, { object: this.name });
  }
}
