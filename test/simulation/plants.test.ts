import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PLANTS } from "./plants.mjs";

const packages = join(import.meta.dirname, "../../packages");

/** What does not stand there once, of the patches of a planted bug. */
function unfit({ patches }: (typeof PLANTS)[number]): string[] {
  return patches
    .filter(({ module, from }) => readFileSync(join(packages, module), "utf8").split(from).length !== 2)
    .map(({ from }) => from);
}

test("each planted bug fits into what is built", () => {
  const left = PLANTS.map((plant) => [plant.name, ...unfit(plant)]).filter(({ length }) => length > 1);
  expect(left).toEqual([]);
});
