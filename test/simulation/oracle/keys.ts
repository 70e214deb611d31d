/** The keys of a repository as docs/format.md derives them, each derived once; and that none ever seals two messages. */
import { type KeySource, keySource } from "../../independent-reader/sealed.js";

export function rememberKeys(rootKey: Uint8Array, repositoryId: Uint8Array): KeySource {
  const derive = keySource(Buffer.from(rootKey), Buffer.from(repositoryId));
  const known = new Map<string, Buffer>();
  return (label, epoch, domain) => {
    const at = `${label} ${epoch} ${domain}`;
    let key = known.get(at);
    if (key === undefined) {
      key = derive(label, epoch, domain);
      known.set(at, key);
    }
    return key;
  };
}

/** What each key and nonce has sealed. A key is known by what it is derived from. */
export class Seals {
  readonly #sealed = new Map<string, number>();

  copy(): Seals {
    const copy = new Seals();
    for (const [key, digest] of this.#sealed) copy.#sealed.set(key, digest);
    return copy;
  }

  /** False when another message was sealed with it before. */
  note(key: string, sealed: Uint8Array): boolean {
    const digest = fingerprint(sealed);
    const before = this.#sealed.get(key);
    this.#sealed.set(key, before ?? digest);
    return before === undefined || before === digest;
  }
}

/** Of 53 bits, from two sums of 32. */
function fingerprint(bytes: Uint8Array): number {
  let low = 0x811c9dc5 | 0;
  let high = bytes.length;
  for (let i = 0; i < bytes.length; i++) {
    low = Math.imul(low ^ bytes[i]!, 0x01000193);
    high = (Math.imul(high, 31) + bytes[i]!) | 0;
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
