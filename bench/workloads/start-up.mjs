/**
 * What a command costs that has next to nothing to do; each is repeated, since one takes a few hundredths of a second.
 * A tool that takes a key file gets one: to make a key from a passphrase costs 0.1 s on purpose.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const startUp = {
  name: "start-up",
  title: () => "start-up",
  repeat: 10,
  withKeyFile: true,
  prepare(folder) {
    mkdirSync(folder, { recursive: true });
    for (const name of ["one", "two"]) writeFileSync(join(folder, name), `file ${name}\n`);
    return [folder];
  },
};
