/** `--read-data-subset`: how much of the data a check reads, in restic's spellings. */
import type { DataSubset } from "@bcat/snapshot";
import { parseSize } from "./choice-flags.js";
import type { Context } from "./command.js";
import type { Flags } from "./options.js";
import { usageError } from "./usage.js";

export const dataFlags: Flags = {
  "read-data": { kind: "switch", description: "read and verify every pack, not only what describes them" },
  "read-data-subset": {
    kind: "text",
    value: "PART",
    description: "read and verify a part: 1/7, or as much as 5% or 10G of what was read longest ago",
  },
};

const partsMax = 65_536;

/** What the flags say. @throws {BcatError} with code "usage" */
export function dataToRead({ options }: Pick<Context, "options">): boolean | DataSubset {
  const subset = options.text("read-data-subset");
  if (subset === undefined) return options.switch("read-data");
  if (options.isTyped("read-data") && options.switch("read-data"))
    throw usageError("Cannot use both --read-data and --read-data-subset: one reads everything, the other a part");
  return parseDataSubset(subset);
}

/** @throws {BcatError} with code "usage" */
export function parseDataSubset(text: string): DataSubset {
  const [, part, parts] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  if (part !== undefined && parts !== undefined) return checkedPart(text, Number(part), Number(parts));
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100)
    return { kind: "share", percent: Number(percent) };
  if (/^\d{1,3}$/.test(text) && Number(text) > 0)
    throw usageError(`Cannot use --read-data-subset "${text}": write ${text}%, 1/${text}, or a size such as ${text}G`);
  if (/^\d{1,15}(\.\d{1,3})?[BKMGT]?(i?B)?$/i.test(text)) {
    const bytes = parseSize("--read-data-subset", text);
    if (bytes > 0) return { kind: "size", bytes };
  }
  throw usageError(
    `Cannot use --read-data-subset "${text}": it is no part such as 1/7, no percentage such as 5%, no size such as 10G`,
  );
}

function checkedPart(text: string, part: number, parts: number): DataSubset {
  if (part >= 1 && part <= parts && parts <= partsMax) return { kind: "part", part, parts };
  throw usageError(`Cannot use --read-data-subset "${text}": there is no part ${part} of ${parts}`);
}
