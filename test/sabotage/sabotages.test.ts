/** Whoever moves code takes its sabotage along: `npm run sabotage` itself takes minutes. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SABOTAGES } from "./sabotages.mjs";

const project = join(import.meta.dirname, "../..");

test.each(SABOTAGES)('the code of the sabotage "$what" stands once, and its test is there', ({ file, from, test }) => {
  expect(readFileSync(join(project, file), "utf8").split(from)).toHaveLength(2);
  expect(existsSync(join(project, test))).toBe(true);
});
