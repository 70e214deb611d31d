/** A dry run writes nothing: not even what a repair of registers has left to the next who writes. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, deskKeyFile } from "./cli/desk.js";

let desk: Desk;
let env: Record<string, string>;
beforeAll(async () => {
  desk = new Desk();
  env = { BCAT_REGISTERS: desk.path("registers"), BCAT_FROM_KEY_FILE: deskKeyFile };
  desk.write({ "source/a": "alpha\n", "source/b": "beta\n" });
  await desk.good(["backup", "--init", "source"], { env });
  await desk.good(["backup", "--force", "source"], { env });
  await desk.good(["repair", "registers"], { env });
  await desk.good(["backup", "--init", "--repo", "other", "source"], { env: { BCAT_REGISTERS: undefined } });
  rmSync(desk.path("repository/registers/0000000002/meta"));
});
afterAll(() => desk[Symbol.dispose]());

test.each(["backup source", "forget --keep-last 1", "forget --keep-last 1 --prune", "copy --from-repo other"])(
  "bcat %s --dry-run",
  async (words) => {
    const before = desk.list();
    await desk.good([...words.split(" "), "--dry-run"], { env });
    expect(desk.list()).toEqual(before);
  },
);
