/** Entries that need a chunk or a pack, or that are a folder of an id: for who looks into a repository. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { Search } from "./snapshot-search.js";

/** Digits of an id that are enough to tell it from others. */
const DIGITS_MIN = 8;

export interface IdSearch {
  /** `blob`: files, and extended attributes, that have a chunk in them; `tree`: folders, by the id of what is in them. */
  readonly of: "blob" | "tree";
  /** The first digits of ids at least, hexadecimal. */
  readonly ids: readonly string[];
}

/** @throws BcatError usage for what is no id */
export function searchById(repository: Repository, { of, ids }: IdSearch): Search {
  for (const id of ids)
    if (!/^[0-9a-f]{8,64}$/.test(id))
      throw new BcatError(
        "usage",
        `Cannot find "${id}": give ${DIGITS_MIN} to 64 hexadecimal digits, a to f in small letters`,
      );
  const isMeant = (id: Uint8Array) => {
    const text = Buffer.from(id).toString("hex");
    return ids.some((start) => text.startsWith(start));
  };
  if (of === "tree") return { isByPath: false, matches: ({ subtree }) => subtree !== undefined && isMeant(subtree.id) };
  return {
    isByPath: false,
    async matches(candidate) {
      const { content: own, attributes = [] } = candidate.node();
      const contents = [own, ...attributes.map(({ content }) => content)];
      for (const content of contents.filter((one) => one !== undefined))
        for await (const chunks of readChunkReferences(repository, content))
          if (chunks.some(({ id }) => isMeant(id))) return true;
      return false;
    },
  };
}
