/** Which names of a tree are of one file, as find(1) sees them: no link is followed. */
import { execFileSync } from "node:child_process";

/** The names of each file that has several in `folder`, in order: `a = b/c`. */
export function linksOf(folder: string): string[] {
  const found = execFileSync("find", [folder, "!", "-type", "d", "-links", "+1", "-printf", "%i %P\\0"]);
  const names = new Map<string, string[]>();
  for (const line of found.toString("latin1").split("\0").slice(0, -1)) {
    const space = line.indexOf(" ");
    const inode = line.slice(0, space);
    names.set(inode, [...(names.get(inode) ?? []), line.slice(space + 1)]);
  }
  const all = [...names.values()].filter((each) => each.length > 1);
  return all.map((each) => each.sort().join(" = ")).sort();
}
