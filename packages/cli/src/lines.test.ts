import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { Lines } from "./lines.js";

const { signal } = new AbortController();

function linesOf(...parts: readonly (string | Uint8Array)[]): Lines {
  const stream = new PassThrough();
  for (const part of parts) stream.write(part);
  stream.end();
  return new Lines(() => stream, signal);
}

describe("Lines", () => {
  test("come one by one, without their line breaks", async () => {
    const lines = linesOf("on", "e\ntwo\r", "\n\nla", "st");
    const found = [await lines.next(), await lines.next(), await lines.next(), await lines.next(), await lines.next()];
    expect(found).toEqual(["one", "two", "", "last", undefined]);
  });

  test("are none of an empty stream", async () => {
    expect(await linesOf().next()).toBeUndefined();
  });

  test("are not waited for beyond the first one", async () => {
    const stream = new PassThrough();
    stream.write("one\ntwo\n");
    const lines = new Lines(() => stream, signal);
    expect(await lines.next()).toBe("one");
    expect(await lines.next()).toBe("two");
  });

  test("are text of some length", async () => {
    await expect(linesOf(Uint8Array.of(0xff, 0x0a)).next()).rejects.toMatchObject({ code: "usage" });
    await expect(linesOf("x".repeat(40_000), "x".repeat(40_000)).next()).rejects.toMatchObject({ code: "usage" });
  });

  test("are given up when the run is", async () => {
    const controller = new AbortController();
    const next = new Lines(() => new PassThrough(), controller.signal).next();
    controller.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
  });
});
