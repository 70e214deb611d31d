import { describe, expect, test } from "vitest";
import { bytesField, pathsField } from "./json.js";

const invalid = new Uint8Array([0x2f, 0xff]);

describe("bytesField()", () => {
  test("is the text alone when the bytes are UTF-8", () => {
    expect(bytesField("path", Buffer.from("/ö"))).toEqual({ path: "/ö" });
  });

  test("adds the bytes in base64 when the text lost some", () => {
    expect(bytesField("path", invalid)).toEqual({ path: "/\ufffd", path_b64: "L/8=" });
  });

  test("keeps a byte order mark", () => {
    expect(bytesField("path", Buffer.from("\ufeffa"))).toEqual({ path: "\ufeffa" });
  });
});

test("pathsField() adds all paths in base64 when one lost something", () => {
  expect(pathsField([Buffer.from("/a")])).toEqual({ paths: ["/a"] });
  expect(pathsField([Buffer.from("/a"), invalid])).toEqual({ paths: ["/a", "/\ufffd"], paths_b64: ["L2E=", "L/8="] });
});
