/** The keys of a repository as docs/format.md derives them, each derived once; and that none ever seals two messages. */
import { createHash } from "node:crypto";
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
  readonly #sealed = new Map<string, string>();

  copy(): Seals {
    const copy = new Seals();
    for (const [key, digest] of this.#sealed) copy.#sealed.set(key, digest);
    return copy;
  }

  /** False when another message was sealed with it before. */
  note(key: string, sealed: Uint8Array): boolean {
    const digest = createHash("md5").update(sealed).digest("base64");
    const before = this.#sealed.get(key);
    this.#sealed.set(key, before ?? digest);
    return before === undefined || before === digest;
  }
}
