import type { ListedSnapshot } from "@bcat/snapshot";
import { expect, test } from "vitest";
import { formatLocalTime } from "./format.js";
import { snapshotScreen } from "./snapshot-screen.js";
import { textWidth } from "./text-width.js";
import { createTimeThere } from "./time-there.js";

const start = Date.UTC(2026, 10, 20, 15, 39, 3);

function listed(number: number, paths: readonly string[], more: object = {}): ListedSnapshot {
  const snapshot = {
    ...{ complete: true, start, end: start, zone: "", host: "laptop", tags: [], errors: { total: 0 } },
    ...{ counts: { files: 12_345, bytes: 1_500_000_000, storedBytesAdded: 1_000_000 } },
    ...more,
    roots: paths.map((path) => ({ path: Buffer.from(path) })),
  };
  return { number, snapshot } as unknown as ListedSnapshot;
}

const long = `/srv/${"very/".repeat(30)}deep/folder`;
const many = Array.from({ length: 20 }, (_, i) => `/data/${i + 10}`);
const infos = [
  listed(9, ["/home/me", "/etc"], { tags: ["daily", "two"] }),
  listed(10, [long], { complete: false, errors: { total: 2 } }),
  listed(123, many, { host: "a-host-of-a-name-that-does-not-end-soon.example.com" }),
  listed(124, ["/日本語/日本語/日本語/日本語/日本語/日本語"]),
];
const pinNote = (number: number) => (number === 9 ? "the one before the move to another house" : undefined);
const screen = (width: number, more: object = {}) => snapshotScreen(infos, { width, pinNote, ...more });

test("no line is wider than the terminal, and every number and path is there", () => {
  for (let width = 40; width <= 200; width++) {
    const lines = screen(width);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
    for (const number of ["9", "10", "123", "124"])
      expect(lines.some((line) => line.trimStart().startsWith(`${number}  2026-11-`))).toBe(true);
    for (const end of ["/home/me", "/etc", "deep/folder", "/data/10", "and 13 others", "本語"])
      expect(lines.some((line) => line.endsWith(end))).toBe(true);
  }
});

test("a wide one has all columns, with the paths last and each below the one before", () => {
  const [head, first, second] = screen(200) as [string, string, string];
  expect(head).toMatch(/^ {2}# {2}date & time +host +tags +pinned +flaws +files +size +added +paths$/);
  expect(first.slice(head.indexOf("paths"))).toBe("/home/me");
  expect(second).toBe(`${" ".repeat(head.indexOf("paths"))}/etc`);
});

test("on a narrow one the paths stand below, and letters in the place of words, which are explained", () => {
  const time = formatLocalTime(start).slice(0, 16);
  const narrow = snapshotScreen(infos.slice(0, 2), { width: 40, pinNote });
  expect(narrow).toEqual([
    " #  date & time       host    !",
    ` 9  ${time}  laptop  +`,
    "    /home/me",
    "    /etc",
    `10  ${time}  laptop  PE`,
    expect.stringMatching(/^ {4}….*deep\/folder$/),
    "P partial, E with errors, + pinned",
  ]);
});

test("of a snapshot that is named every path is there in full", () => {
  const lines = snapshotScreen([listed(1, [long, ...many])], { width: 60, allPaths: true });
  expect(lines.map((line) => line.trim()).join("")).toContain(long);
  expect(lines.at(-1)).toMatch(/\/data\/29$/);
});

test("a compact list has a line each", () => {
  const lines = screen(100, { compact: true });
  expect(lines.slice(0, 5)).toHaveLength(5);
  expect(lines[0]).not.toContain("paths");
  expect(screen(Number.POSITIVE_INFINITY, { compact: true })).toHaveLength(5);
  for (const line of screen(40, { compact: true })) expect(textWidth(line)).toBeLessThanOrEqual(40);
});

test("what clocks showed elsewhere is there where it was not what they show here", () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const there = createTimeThere(here);
  const elsewhere = formatLocalTime(start).endsWith("00:39:03") ? "Etc/UTC" : "Asia/Tokyo";
  expect(there(here, start)).toBeUndefined();
  expect(there("", start)).toBeUndefined();
  expect(there("No/Where", start)).toBeUndefined();
  expect(there(elsewhere, start)).toMatch(new RegExp(`^\\d\\d:39 ${elsewhere}$`));
  expect(createTimeThere("Another/Name")(here, start)).toBeUndefined();
  const [head, line] = snapshotScreen([listed(1, ["/a"], { zone: elsewhere })], { width: 200, timeThere: there });
  expect(head).toContain("there");
  expect(line).toContain(`:39 ${elsewhere}  laptop`);
});
