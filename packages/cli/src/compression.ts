/** `--compression`, as `backup` and `import-tar` have it. */
import type { BackupOptions } from "@bcat/snapshot";
import type { Flags, Options } from "./options.js";

/** As in the package, which is loaded only when there is something to store. */
const compressions: readonly NonNullable<BackupOptions["compression"]>[] = ["off", "fastest", "auto", "better", "max"];

export const compressionFlag: Flags = {
  compression: { kind: "text", value: "HOW", choices: compressions, description: "how hard to compress" },
};

/** Undefined when it is not given. */
export function compressionOf(options: Options): BackupOptions["compression"] {
  return compressions.find((name) => name === options.text("compression"));
}
