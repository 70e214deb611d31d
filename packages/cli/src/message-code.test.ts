/** Every warning, error, note and finding of `--json` has a code, and docs/guide.md has all of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkCodes, errorCodes, placeCodes, sourceCodes, targetCodes } from "@bcat/errors";
import { expect, test } from "vitest";

const packages = join(import.meta.dirname, "../..");
const declared = "errors/src/message-code.ts";
const sources = readdirSync(packages, { recursive: true, encoding: "utf8" })
  .filter((path) => /^[a-z]+\/src\/.*\.ts$/.test(path) && !/\.test\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(packages, path), "utf8") }));
const codes = [...sourceCodes, ...targetCodes, ...placeCodes, ...checkCodes];

/** Of the sentence of code that begins at `at`. */
const statement = (text: string, at: number) => text.slice(at, text.indexOf(";", at));

test("each code has one meaning, for entries, places and kinds of error alike", () => {
  const all = [...codes, ...errorCodes];
  expect(new Set(all).size).toBe(all.length);
});

test("every message that is an error, a warning or a note has a code", () => {
  const messages = sources.flatMap(({ path, text }) =>
    [
      ...text.matchAll(
        /message_type: (?!"(?:status|verbose_status|summary|parents|initialized|version|requests|repaired|deletion|explanation|repaired_snapshot|copied|would_copy|changed?|statistics|left_out)")/g,
      ),
    ].map(({ index }) => ({ path, said: statement(text, index) })),
  );
  expect(messages.length).toBeGreaterThanOrEqual(5);
  for (const { path, said } of messages) expect(said, path).toMatch(/\bcode\b[,:]/);
});

test("every code is said somewhere", () => {
  const texts = sources.filter(({ path }) => path !== declared).map(({ text }) => text);
  const unused = codes.filter((code) => !texts.some((text) => text.includes(`"${code}"`)));
  // What every fault of the source is that has no name of its own.
  expect(unused).toEqual([]);
});

test("docs/guide.md has a line for each, and for no other", () => {
  const guide = readFileSync(join(packages, "../docs/guide.md"), "utf8");
  const table = guide.slice(guide.indexOf("### Codes of messages"), guide.indexOf("### Exit codes"));
  const named = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, cell]) => cell!.match(/[a-z-]+/g));
  expect(named.sort()).toEqual([...codes, ...errorCodes].sort());
});
