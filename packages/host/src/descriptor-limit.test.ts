import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { descriptorLimit } from "./descriptor-limit.js";

test("descriptorLimit() is what the shell was told", () => {
  const module = new URL("../dist/descriptor-limit.js", import.meta.url).href;
  const code = `import("${module}").then(({ descriptorLimit }) => console.log(descriptorLimit()))`;
  const found = execFileSync("bash", ["-c", 'ulimit -n 57; exec "$0" -e "$1"', process.execPath, code]);
  expect(Number(found)).toBe(57);
  expect(descriptorLimit()).toBeGreaterThan(57);
});
