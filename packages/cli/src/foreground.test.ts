import { expect, test } from "vitest";
import { isInForeground } from "./foreground.js";

const statOf = (group: number, atTerminal: number) =>
  `4711 (no) de) R 4700 ${group} 4700 34816 ${atTerminal} 4194304 1 0`;

test.each([
  ["in the foreground", statOf(4711, 4711), true],
  ["in the background", statOf(4711, 4700), false],
  ["without a terminal", statOf(4711, -1), true],
  ["where nobody knows", undefined, true],
  ["of a form nobody knows", "4711", true],
])("isInForeground() of a process %s", (_, stat, expected) => {
  expect(isInForeground(() => stat)).toBe(expected);
});
