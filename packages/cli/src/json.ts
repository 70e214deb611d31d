/** Paths in JSON, which cannot carry bytes: `path` is for people, and `path_b64` is there when `path` lost something. */
import { decodeUtf8 } from "./quote.js";

type BytesField<Name extends string> = { readonly [Field in Name | `${Name}_b64`]?: string };

/** `{ <name>: text }`, with `<name>_b64` when the bytes are not valid UTF-8. */
export function bytesField<const Name extends string>(name: Name, bytes: Uint8Array): BytesField<Name> {
  const text = decodeUtf8(bytes);
  const fields: Record<string, string> = { [name]: text ?? new TextDecoder().decode(bytes) };
  if (text === undefined) fields[`${name}_b64`] = toBase64(bytes);
  return fields as BytesField<Name>;
}

/** `{ paths: texts }`, with `paths_b64` for all of them when one is not valid UTF-8. */
export function pathsField(paths: readonly Uint8Array[]): { readonly paths: string[]; readonly paths_b64?: string[] } {
  const texts = paths.map(decodeUtf8);
  if (!texts.includes(undefined)) return { paths: texts as string[] };
  return { paths: paths.map((path) => new TextDecoder().decode(path)), paths_b64: paths.map(toBase64) };
}

/** As {@link pathsField}, of paths that may not be there: null, as restic has it. */
export function pathsOrNull(paths: readonly Uint8Array[] | undefined): object {
  return paths === undefined ? { paths: null } : pathsField(paths);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
