/** What snapshots of a group have in common, above the list of them. */
import type { GroupKey } from "@bcat/snapshot";
import { formatList } from "./format.js";
import { quoteName, quoteText } from "./quote.js";

/** Characters of a list of paths. */
const PATHS_WIDTH_MAX = 60;

/** A line such as `snapshots of host laptop, paths /home`, or none where all are one group. */
export function groupHeading({ host, paths, tags }: GroupKey): string[] {
  const parts = [
    ...(host === undefined ? [] : [`host ${quoteText(host)}`]),
    ...(paths === undefined ? [] : [`paths ${formatList(paths.map(quoteName), PATHS_WIDTH_MAX)}`]),
    ...(tags === undefined ? [] : [`tags ${tags.length === 0 ? "none" : tags.map(quoteText).join(",")}`]),
  ];
  return parts.length === 0 ? [] : [`snapshots of ${parts.join(", ")}`];
}
