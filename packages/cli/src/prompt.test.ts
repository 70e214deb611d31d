import { describe, expect, test } from "vitest";
import { HiddenAnswer } from "./prompt.js";

function type(keys: string) {
  const answer = new HiddenAnswer();
  return [answer.add(Buffer.from(keys)), answer.text()];
}

describe("HiddenAnswer", () => {
  test.each([
    ["secret\r", ["done", "secret"]],
    ["secret\nmore", ["done", "secret"]],
    ["secreö\u007ft\r", ["done", "secret"]],
    ["\u007fx\u0015secret\r", ["done", "secret"]],
    ["sec\u0003", ["interrupt", "sec"]],
    ["\u0004", ["closed", ""]],
    ["secret\u0004", ["done", "secret"]],
    ["sec", ["more", "sec"]],
  ])("of %j is %j", (keys, answer) => {
    expect(type(keys)).toEqual(answer);
  });

  test("takes a character in pieces", () => {
    const answer = new HiddenAnswer();
    for (const byte of Buffer.from("ö")) answer.add(Uint8Array.of(byte));
    expect(answer.text()).toBe("ö");
  });

  test("leaves what follows the line", () => {
    const answer = new HiddenAnswer();
    answer.add(Buffer.from("one\rtwo\r"));
    expect([answer.text(), Buffer.from(answer.rest).toString()]).toEqual(["one", "two\r"]);
  });

  test("is undefined when it is not UTF-8", () => {
    const answer = new HiddenAnswer();
    answer.add(Uint8Array.of(0xff, 0x0d));
    expect(answer.text()).toBeUndefined();
  });
});
