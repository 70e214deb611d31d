import { CorruptError } from "@bcat/errors";
import { expect, test } from "vitest";
import { decodePaddedBody, encodePaddedBody, paddedBodyLength } from "./padded-body.js";

const body = Uint8Array.of(5, 0, 7);

test("decode(encode(body)) = body, for every amount of padding", () => {
  for (let length = 7; length < 40; length++) {
    expect(decodePaddedBody(encodePaddedBody(body, length), "x")).toEqual(body);
  }
  expect(decodePaddedBody(new Uint8Array(4), "x").length).toBe(0);
});

test("encodePaddedBody() gives length, body and zeros", () => {
  expect(encodePaddedBody(body, 10)).toEqual(Uint8Array.of(3, 0, 0, 0, 5, 0, 7, 0, 0, 0));
  expect(() => encodePaddedBody(body, 6)).toThrow(RangeError);
});

test("decodePaddedBody() refuses padding that is not zero, and lengths that do not fit", () => {
  const padded = encodePaddedBody(body, 10);
  for (const offset of [7, 8, 9]) expect(() => decodePaddedBody(padded.with(offset, 1), "x")).toThrow(CorruptError);
  for (const length of [7, 255]) expect(() => decodePaddedBody(padded.with(0, length), "x")).toThrow(CorruptError);
  for (let length = 0; length < 7; length++) {
    expect(() => decodePaddedBody(padded.subarray(0, length), "x")).toThrow('Cannot open "x": ');
  }
});

test("paddedBodyLength() hides all short bodies in one length", () => {
  expect(paddedBodyLength(0)).toBe(208);
  expect(paddedBodyLength(204)).toBe(208);
  expect(paddedBodyLength(205)).toBe(224);
  expect(paddedBodyLength(996)).toBe(1024);
});
