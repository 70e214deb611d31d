/**
 * What is on the screen of a terminal of 40, 80 and 200 columns: compared with the files in test/screens, which
 * `npx vitest run test/screens.test.ts --update` makes anew.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { hasScreens, screenOf } from "./cli/screen.js";
import { tarOf } from "./kit/tar.js";

const lines = [
  "bcat help snapshots",
  "bcat snapshots",
  "bcat snapshots --group-by host --compact",
  "bcat ls -l latest /home/me",
  "bcat ls latest /home/me/fotos",
];

describe.skipIf(!hasScreens())("screens", () => {
  let desk: Desk;

  beforeAll(async () => {
    desk = new Desk();
    const owner = "me";
    const items = [
      { name: "./", type: "5", mode: 0o755, owner },
      { name: "./notes.txt", content: "notes\n", owner },
      { name: "./photos/", type: "5", mode: 0o750, owner },
      { name: "./photos/日本語.jpg", content: "x".repeat(5_000), owner },
      { name: "./photos/the last day of a long summer on the coast.jpg", content: "y", owner },
      { name: "./link", type: "2", target: "photos", mode: 0o777, owner },
    ];
    fs.writeFileSync(desk.path("a.tar"), tarOf(items.map((item) => ({ ...item, name: bytes(item.name) }))));
    const keep = async (path: string, host: string, time: string, ...more: string[]) =>
      await desk.good(
        ["import-tar", "-q", "--compression", "off", "--as", path, "--host", host, "--time", time, ...more, "a.tar"],
        { env: { TZ: "UTC" } },
      );
    await desk.good(["init", "-q"]);
    await keep(
      "/srv/a/folder/that/lies/deep/below/others/and/has/a/long/path",
      "server.example.com",
      "2026-11-19 03:00:00",
    );
    await keep("/home/me", "laptop", "2026-11-20 15:39:03", "--tag", "daily,before the move");
    await desk.good(["pin", "2", "--note", "the one to keep"]);
    await keep("/home/me", "laptop", "2026-11-21 15:39:03", "--tag", "daily");
  });
  afterAll(() => desk[Symbol.dispose]());

  test.each([40, 80, 200])("of %d columns", async (width) => {
    const screen = await screenOf(desk, lines, width);
    await expect(screen).toMatchFileSnapshot(`screens/${width}.txt`);
  });
});

/** A character for each byte of UTF-8. */
function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
