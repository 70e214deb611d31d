/** What a command costs that has next to nothing to do; each is repeated, since one takes a few hundredths of a second. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const startUp = {
  name: "start-up",
  title: "start-up",
  repeat: 10,
  prepare(folder) {
    mkdirSync(folder, { recursive: true });
    for (const name of ["one", "two"]) writeFileSync(join(folder, name), `file ${name}\n`);
    return [folder];
  },
};
