/** A cap of Tahoe-LAFS is a secret that is typed as an address: wherever it stands, no message repeats it. */
import { afterAll, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { expectJsonRefusal, expectRefusal } from "./cli/refusal.js";

const secret = "abcdefghijklmnopqrstuvwxyz";
const cap = `URI:DIR2:${secret}:${"b2".repeat(26)}`;
const desk = new Desk();
afterAll(() => desk[Symbol.dispose]());
const says = /URI:DIR2:…/;

test.concurrent.each([
  [["snapshots", "--repo", cap]],
  [["snapshots", "--repo", `http://127.0.0.1:3456/uri/${cap}`]],
  [["init", "--registers", cap]],
  [["snapshots", "--cache-dir", cap]],
  [["snapshots", cap]],
  [[`tahoe:http://127.0.0.1:3456/uri/${cap}`, "snapshots"]],
  [["restore", `tahoe:http://127.0.0.1:3456/uri/${cap}`, "all"]],
])("where a cap does not belong, it is refused and not repeated: %o", async (words) => {
  const run = await desk.bcat(words);
  expectRefusal(run, { code: 2, says: words[0] === "restore" ? /cannot find snapshot "tahoe": give a number/ : says });
  const asJson = await desk.bcat([...words, "--json"], { env: { BCAT_DEBUG: "1" } });
  expect(run.stderr + asJson.stdout + asJson.stderr).not.toContain(secret.slice(0, 8));
});

test("a variable that names a cap as the repository is told what to write", async () => {
  const env = { BCAT_REPOSITORY: cap };
  expectJsonRefusal(await desk.bcat(["snapshots", "--json"], { env }), { code: 2, says: /secret; write tahoe:http/ });
  expect(desk.list(desk.folder)).toEqual([]);
});
