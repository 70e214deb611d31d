/**
 * Writes the manual pages, bcat.1 and bcat-COMMAND.1, into the folder that is named: node packages/cli/build/man.mjs DIR.
 * Their date is that of SOURCE_DATE_EPOCH, so that packages can be made again to the byte, or of today.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manualPages } from "../dist/manual.js";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node packages/cli/build/man.mjs FOLDER");
const { SOURCE_DATE_EPOCH: seconds } = process.env;
const day = seconds === undefined ? new Date() : new Date(Number(seconds) * 1000);
const date = day.toLocaleDateString("en-US", { month: "long", day: "numeric", year: "numeric", timeZone: "UTC" });
mkdirSync(folder, { recursive: true });
for (const { file, text } of manualPages(date)) writeFileSync(join(folder, file), text);
