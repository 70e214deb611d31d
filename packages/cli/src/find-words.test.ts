import { expect, test } from "vitest";
import { parseCommandLine } from "./command-line.js";
import { commands } from "./commands.js";
import { checkFindWords } from "./find-words.js";

test("a time that is none is answered with both ways to write it", () => {
  const line = parseCommandLine(["find", "--newer", "yesterday", "x"], {}, commands);
  if (line.kind !== "run") throw new Error("no command");
  expect(() => checkFindWords(line, 0)).toThrow(
    'Cannot use --newer "yesterday": write it as 2012-11-01 22:08:41, or a span such as 7d or 36h',
  );
});
