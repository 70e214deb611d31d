import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { Output } from "./output.js";

class FakeStream extends EventEmitter {
  text = "";
  writableNeedDrain = false;
  columns = 20;
  constructor(readonly isTTY: boolean) {
    super();
  }
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

function create({ terminal = true, color = false } = {}) {
  const [stdout, stderr] = [new FakeStream(terminal), new FakeStream(terminal)];
  return { stdout, stderr, output: new Output({ stdout, stderr, json: false, color }) };
}

describe("Output", () => {
  test("takes the line of progress away before another line", () => {
    const { output, stdout, stderr } = create();
    output.status({ line: "working" });
    output.print("result");
    output.note("aside");
    expect([stderr.text, stdout.text]).toEqual(["\r\u001b[Kworking\r\u001b[Kaside\n", "result\n"]);
  });

  test("leaves progress where bytes go elsewhere, but for their first", () => {
    const stdout = new FakeStream(false);
    const stderr = new FakeStream(true);
    const output = new Output({ stdout, stderr, json: false, color: false });
    output.status({ line: "waiting" });
    output.beginBytes();
    output.status({ line: "working" });
    output.beginBytes();
    expect(stderr.text).toBe("\r\u001b[Kwaiting\r\u001b[K\r\u001b[Kworking");
  });

  test("draws nothing any more when bytes go to a terminal", () => {
    const { output, stderr } = create();
    output.status({ line: "working" });
    output.beginBytes();
    output.status({ line: "working" });
    expect(stderr.text).toBe("\r\u001b[Kworking\r\u001b[K");
    expect(output.terminal).toBe(false);
  });

  test("cuts the line of progress to the terminal", () => {
    const { output, stderr } = create();
    output.status({ line: "x".repeat(50) });
    expect(stderr.text).toBe(`\r\u001b[K${"x".repeat(19)}`);
  });

  test("takes a terminal of unknown size for an ordinary one", () => {
    const { output, stderr } = create();
    stderr.columns = 0;
    output.status({ line: "working" });
    expect(stderr.text).toBe("\r\u001b[Kworking");
  });

  test("has neither progress line nor colour where there is no terminal", () => {
    const { output, stderr } = create({ terminal: false, color: true });
    output.status({ line: "working" });
    output.complain("no");
    expect(stderr.text).toBe("bcat: no\n");
  });

  test("has colour only where it is wanted", () => {
    const { output, stderr } = create({ color: true });
    output.complain("no");
    expect(stderr.text).toBe("\u001b[31mbcat:\u001b[0m no\n");
  });

  test("goes quiet when nobody reads", async () => {
    const { output, stdout } = create();
    stdout.writableNeedDrain = true;
    const drained = output.drain();
    stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await drained;
    output.print("lost");
    expect([output.closed, output.failure, stdout.text]).toEqual([true, undefined, ""]);
  });

  test("remembers another failure", () => {
    const { output, stdout } = create();
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    stdout.emit("error", full);
    expect(output.failure).toBe(full);
  });
});
