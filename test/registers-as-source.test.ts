/** A folder of registers is a part of the repository: no backup into it stores it. */
import { mkdirSync, symlinkSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Desk, linesOf } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";

const desk = new Desk();
const registers = desk.path("above/registers");
const env = { BCAT_REGISTERS: registers };
const own = new RegExp(
  `^bcat: skipped "${registers}": it belongs to the repository this backup goes to, or to its cache$`,
);
desk.write({ "above/source/a": "alpha\n" });
const made = desk.good(["init"], { env });
afterAll(() => desk[Symbol.dispose]());

describe("a backup whose source is", () => {
  test.each(["above/registers", "link/.", "in the registers"])(
    "%s, and nothing else, commits nothing",
    async (what) => {
      await made;
      if (what === "link/.") symlinkSync("above", desk.path("link"));
      const [id = ""] = linesOf(await desk.run(["ls", registers]).then(({ stdout }) => stdout));
      const source =
        { "link/.": "link/registers", "in the registers": `above/registers/${id}/0000000001` }[what] ?? what;
      const before = [desk.list(), desk.list(registers)];
      for (const more of [[], ["--dry-run"]]) {
        const run = await desk.bcat(["backup", source, ...more], { env });
        expectRefusal(run, { code: 1, says: /belongs to the repository this backup goes to/ });
      }
      expect([desk.list(), desk.list(registers)]).toEqual(before);
    },
  );

  test("above them leaves them out with a line, and the rest is stored", async () => {
    await made;
    const run = await desk.bcat(["backup", "above"], { env });
    expectWarnings(run, 0, [own]);
    expect(await desk.good(["ls", "latest"])).not.toContain("registers");
  });

  test("beside them, with them named too, leaves them out with a line", async () => {
    await made;
    expectWarnings(await desk.bcat(["backup", "above/registers", "above/source"], { env }), 0, [own]);
  });
});

test("registers inside the repository are refused", async () => {
  mkdirSync(desk.path("other"));
  const run = await desk.bcat(["init", "--repo", "other", "--registers", "other/registers"]);
  expectRefusal(run, { code: 2, says: /it lies inside the repository; name another place/ });
  expect(desk.list(desk.path("other"))).toEqual([]);
});
