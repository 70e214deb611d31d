/** The machine's own trees as they are: many sorts of files, links, some large libraries. Not the same on two machines. */
import { existsSync } from "node:fs";

const ROOTS = ["/usr/share", "/usr/include", "/usr/lib/x86_64-linux-gnu"];

export const system = {
  name: "system",
  title: () => "system tree (share, include, lib)",
  prepare: () => ROOTS.filter((root) => existsSync(root)),
};
