/** What `?t=json` says of a directory: `["dirnode", {"children": {name: ["filenode", {"size": 7}], …}}]`. */
import { WireFault } from "../wire/network-error.js";

export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Zero of a directory, and where the gateway does not know. */
  readonly size: number;
}

/**
 * In the order of the names of objects: what lies in a directory comes where its name with a slash does. Undefined for a
 * file.
 *
 * @throws {WireFault} when it is neither
 */
export function parseDirectory(body: Uint8Array): DirectoryEntry[] | undefined {
  const [kind, details] = pair(parseJson(body));
  if (kind === "filenode") return undefined;
  const children = kind === "dirnode" ? fieldOf(details, "children") : undefined;
  if (typeof children !== "object" || children === null) {
    throw new WireFault("it is no directory of Tahoe-LAFS, or no gateway answers there", { isFinal: true });
  }
  const entries = Object.entries(children).map(([name, child]) => {
    const [childKind, about] = pair(child);
    const size = fieldOf(about, "size");
    return { name, isDirectory: childKind === "dirnode", size: typeof size === "number" ? size : 0 };
  });
  const place = ({ name, isDirectory }: DirectoryEntry) => (isDirectory ? `${name}/` : name);
  return entries.sort((left, right) => (place(left) < place(right) ? -1 : 1));
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

function pair(value: unknown): [unknown, unknown] {
  return Array.isArray(value) ? [value[0], value[1]] : [undefined, undefined];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
