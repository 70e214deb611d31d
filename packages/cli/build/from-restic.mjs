/** Writes docs/from-restic.md, out of what tsc has made of the commands. */
import { writeFileSync } from "node:fs";
import { commands } from "../dist/commands.js";
import { resticPage } from "../dist/restic/page.js";

writeFileSync(new URL("../../../docs/from-restic.md", import.meta.url), resticPage(commands));
