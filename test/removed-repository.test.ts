/** A repository that was removed on purpose, and a new one in its place: what each client that knew the old one has to do. */
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { Desk, noMessage } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";

test("backup --init says what to do, and after one bcat init every client goes on, with no hand on its cache", async () => {
  using desk = new Desk();
  desk.write({ "source/a": "alpha\n" });
  const other = ["--cache-dir", desk.path("cache of another client")];
  await desk.good(["backup", "--init", "source"]);
  await desk.good(["backup", "source", ...other]);
  rmSync(desk.repository, { recursive: true });
  expectRefusal(await desk.bcat(["backup", "--init", "source"]), {
    code: 10,
    says: /was there before: is its disk mounted\? If it was removed on purpose, run bcat init once, which makes a new one there$/m,
  });
  await desk.good(["init"]);
  expect(await desk.bcat(["backup", "--init", "source"])).toMatchObject({ code: 0, stderr: noMessage });
  // The other one has not heard of it: that may be somebody's doing.
  for (const more of [[], ["--init"], ["--dry-run", "--accept-rollback"]]) {
    const run = await desk.bcat(["backup", "source", ...other, ...more]);
    expectRefusal(run, {
      code: 14,
      says: /; if that is right for good, back up there once with --accept-rollback, or/,
    });
  }
  const accepted = await desk.bcat(["backup", "source", "--accept-rollback", ...other]);
  expectWarnings(accepted, 0, [/^bcat: repository [0-9a-f]{8} was in ".*" before: from now on it is [0-9a-f]{8}$/]);
  expect(await desk.bcat(["backup", "source", ...other])).toMatchObject({ code: 0, stderr: noMessage });
  expect(await desk.json(["snapshots", ...other])).toHaveLength(3);
});

test("--accept-rollback does not help to another repository whose passphrase is another", async () => {
  using desk = new Desk("passphrase");
  desk.write({ "source/a": "alpha\n" });
  await desk.good(["backup", "--init", "source"]);
  rmSync(desk.repository, { recursive: true });
  await desk.good(["init", "--no-cache"], { env: { BCAT_PASSWORD: "another passphrase" } });
  expectRefusal(await desk.bcat(["backup", "source", "--accept-rollback"]), { code: 12, says: /wrong passphrase/ });
  expectRefusal(await desk.bcat(["backup", "source"]), { code: 14, says: /was there, now it is/ });
});

test("--accept-rollback accepts no other repository for good while that cannot be opened for writing", async () => {
  using desk = new Desk();
  desk.write({ "source/a": "alpha\n" });
  await desk.good(["backup", "--init", "source"]);
  rmSync(desk.repository, { recursive: true });
  await desk.good(["init", "--no-cache", "--registers", desk.path("registers")]);
  const backUp = (...more: string[]) => desk.bcat(["backup", "source", ...more]);
  expectRefusal(await backUp("--accept-rollback"), { code: 2, says: /its registers are in another folder/ });
  const named = ["--registers", desk.path("registers")];
  expectRefusal(await backUp(...named), { code: 14, says: /was there, now it is/ });
  expectWarnings(await backUp(...named, "--accept-rollback"), 0, [/from now on it is/]);
  expect(await backUp(...named)).toMatchObject({ code: 0, stderr: noMessage });
});
