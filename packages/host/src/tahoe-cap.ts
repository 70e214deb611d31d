/** Caps of Tahoe-LAFS: whoever has one can read, and most often write, what it is of. No message holds a whole one. */

/** Also as it stands in a URL. What follows the kind is the secret. */
const cap = /URI(?::|%(?:25)*3A)((?:DIR2|CHK|SSK|MDMF|LIT)[A-Z-]*)(?::|%(?:25)*3A)[^\s"'?#]+/gi;

/** What a message shows of the first cap in `text`, such as `URI:DIR2:…`; undefined when there is none. */
export function shownCap(text: string): string | undefined {
  const [first] = text.matchAll(cap);
  return first === undefined ? undefined : withoutCaps(first[0]);
}

/** `text` with caps that cannot be used any more. */
export function withoutCaps(text: string): string {
  return text.replace(cap, (_, kind: string) => `URI:${kind.toUpperCase()}:…`);
}
