/** `bcat key` as somebody types it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, jsonLines, linesOf, passphrase } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;
const keyFile = "another.key";
const byKeyFile = { env: { BCAT_PASSWORD: undefined, BCAT_KEY_FILE: keyFile } };
const bySecond = { env: { BCAT_PASSWORD: "second" } };

beforeAll(async () => {
  desk = new Desk("passphrase");
  desk.write({ [keyFile]: 64, "new-passphrase": "second\n", empty: "" });
  await desk.good(["init"]);
});
afterAll(() => desk[Symbol.dispose]());

test("keys are added, listed with what they are, and opened with", async () => {
  expect(await desk.good(["key", "add", "--new-password-file", "new-passphrase", "--user", "ada", "-H", "web1"])).toBe(
    "added key 2\n",
  );
  expect(await desk.good(["key", "add", "--new-key-file", keyFile], bySecond)).toBe("added key 3\n");
  const [heads, ...rows] = linesOf(await desk.good(["key", "list"], byKeyFile));
  expect(heads).toMatch(/^ {3}# {2}id {8}opens with {17}user +host +added$/);
  expect(rows[0]).toMatch(/^ {3}1 {2}[0-9a-f]{8} {2}passphrase, scrypt 32 MiB /);
  expect(rows[1]).toMatch(/^ {3}2 .* ada +web1 +2/);
  expect(rows[2]).toMatch(/^\* {2}3 {2}[0-9a-f]{8} {2}key file /);
  const [listed] = jsonLines(await desk.good(["key", "list", "--json"], bySecond)) as unknown as [object[]];
  expect(listed).toMatchObject([
    { current: false, number: 1, userName: "", hostName: "", kind: "passphrase", work_factor: 15 },
    { current: true, number: 2, userName: "ada", hostName: "web1" },
    { current: false, number: 3, kind: "key-file" },
  ]);
});

test("a new passphrase takes the place of the one that was given, and its owner; the number is another", async () => {
  const changed = await desk.good(["key", "passwd"], { env: { BCAT_PASSWORD: "second", BCAT_NEW_PASSWORD: "zwei" } });
  expect(changed).toBe("key 4 is in the place of key 2, which opens nothing now\n");
  expectRefusal(await desk.bcat(["key", "list"], bySecond), { code: 12, says: /wrong passphrase/ });
  const rows = linesOf(await desk.good(["key", "list", "--key-hint", "4"], { env: { BCAT_PASSWORD: "zwei" } }));
  expect(rows.map((row) => row.slice(0, 4))).toEqual(["   #", "   1", "   3", "*  4"]);
  expect(rows[3]).toMatch(/ ada +web1 /);
});

test("a key is removed, but not the one that opens", async () => {
  expectRefusal(await desk.bcat(["key", "remove", "1"]), { code: 1, says: /it is the one that has opened/ });
  expect(await desk.good(["key", "remove", "4", "--json"])).toMatch(/"action":"removed","key":4/);
  expectRefusal(await desk.bcat(["key", "remove", "4"]), { code: 1, says: /there is none of this number/ });
  expect(await desk.good(["check"])).toMatch(/no damage found\n$/);
});

test.each([
  [["key"], /^bcat: missing list\|add\|passwd\|remove/],
  [["key", "rename"], /say list, add, passwd or remove/],
  [["key", "rm", "2"], /did you mean bcat key remove\?/],
  [["key", "constructor"], /say list, add, passwd or remove/],
  [["key", "list", "1"], /only bcat key remove takes the number/],
  [["key", "remove"], /missing <number>/],
  [["key", "remove", "21"], /give the number of a key/],
  [["key", "list", "--key-hint", "one"], /give the number of a key/],
  [["key", "add", "--work-factor", "14", "--new-password-file", "new-passphrase"], /a number from 15 to 20/],
  [["key", "add", "--work-factor", "16", "--new-key-file", keyFile], /which is not tried/],
  [["key", "add", "--new-key-file", keyFile, "--new-password-file", "new-passphrase"], /only one of/],
  [["key", "add", "--new-password-file", "empty"], /cannot add a key: the passphrase in file "empty" is empty/],
  [["key", "add", "--new-key-file", "empty"], /found 0 bytes/],
])("%j is refused", async (words, says) => {
  expectRefusal(await desk.bcat(words), { code: 2, says });
});

test("no key is asked for where nobody can answer, and no passphrase is ever printed", async () => {
  const refused = await desk.bcat(["key", "add"]);
  expectRefusal(refused, { code: 12, says: /give --new-password-file/ });
  expect(`${refused.stdout}${refused.stderr}`).not.toContain(passphrase);
});
