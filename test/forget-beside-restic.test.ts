/** What a policy keeps: the same as with restic. */
import { describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { findPeer } from "./kit/peers.js";

const restic = findPeer("restic");

/** Local times, in order: days, weeks and years that change, several in one hour. */
const times = [
  ...["2024-12-29 23:10:00", "2024-12-30 00:10:00", "2025-06-30 12:00:00", "2025-12-31 23:59:59"],
  ...["2026-01-01 00:00:01", "2026-01-01 00:30:00", "2026-01-02 10:00:00", "2026-01-05 09:00:00"],
  ...["2026-01-05 09:59:00", "2026-01-05 10:00:00", "2026-01-31 10:00:00", "2026-02-01 10:00:00"],
];

const policies = [
  ["--keep-last", "3"],
  ["--keep-hourly", "4"],
  ["--keep-daily", "20"],
  ["-w", "3", "-m", "2"],
  ["--keep-yearly", "unlimited"],
  ["--keep-within", "1m"],
  ["--keep-within", "27d1h"],
  ["--keep-within-weekly", "1y2m"],
  ["--keep-within-hourly", "1m", "--keep-yearly", "1"],
];

type Group = { keep: { time: string }[]; reasons: { matches: string[] }[] };

describe.skipIf(restic === undefined)("forget", () => {
  test("keeps what restic keeps, for its reasons", async () => {
    using desk = new Desk();
    desk.write({ "source/file": "x" });
    const settings = { RESTIC_REPOSITORY: desk.path("restic"), RESTIC_PASSWORD: "x", GOMAXPROCS: "1" };
    const byRestic = async (...words: string[]) => {
      const { code, stdout, stderr } = await desk.run([restic!, "--no-cache", ...words], { env: settings });
      if (code !== 0) throw new Error(`restic ${words.join(" ")} ended with ${code}: ${stderr}`);
      return stdout;
    };
    await byRestic("init");
    await desk.good(["init"]);
    for (const time of times) {
      await byRestic("backup", "--time", time, "source");
      await desk.good(["backup", "--time", time, "source"]);
    }
    const shape = ([group]: Group[]) =>
      group!.keep.map(({ time }, i) => [new Date(time).getTime(), ...group!.reasons[i]!.matches]);
    for (const policy of policies) {
      const [ours = ""] = (await desk.good(["forget", "-n", "--json", ...policy])).split("\n");
      const theirs = await byRestic("forget", "-n", "--json", ...policy);
      expect(shape(JSON.parse(ours)), policy.join(" ")).toEqual(shape(JSON.parse(theirs)));
    }
  });
});
