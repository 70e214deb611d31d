import { describe, expect, test } from "vitest";
import { Output, type TextStream } from "./output.js";
import { printWarning } from "./warning.js";

function print(message: string, { json = false, kind = "error" }: { json?: boolean; kind?: "error" | "skipped" } = {}) {
  const stderr: string[] = [];
  const stream = (texts: string[]): TextStream => ({
    write: (text) => texts.push(text) > 0,
    on: () => {},
    once: () => {},
  });
  const output = new Output({ stdout: stream([]), stderr: stream(stderr), json, color: false });
  const code = kind === "error" ? "unreadable" : "unknown-type";
  printWarning({ path: Buffer.from("/x/\u001b"), message, kind, code, systemCode: "EACCES" }, "archival", output);
  return stderr.join("");
}

describe("printWarning()", () => {
  test("names the path, once and without controls", () => {
    expect(print("permission denied (EACCES)")).toBe('bcat: cannot read "/x/\\x1b": permission denied (EACCES)\n');
    expect(print("Cannot open frame 1")).toBe('bcat: cannot read "/x/\\x1b": cannot open frame 1\n');
    expect(print('Cannot read "/x/\\x1b": it is gone')).toBe('bcat: cannot read "/x/\\x1b": it is gone\n');
  });

  test("says what was skipped", () => {
    expect(print("a socket", { kind: "skipped" })).toBe('bcat: skipped "/x/\\x1b": a socket\n');
  });

  test("is restic's message with --json", () => {
    expect(JSON.parse(print("no", { json: true }))).toEqual({
      message_type: "error",
      code: "unreadable",
      system_code: "EACCES",
      error: { message: "no" },
      during: "archival",
      item: "/x/\u001b",
    });
  });
});
