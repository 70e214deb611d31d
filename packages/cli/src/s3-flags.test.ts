import { describe, expect, test } from "vitest";
import { Options } from "./options.js";
import { s3Flags, s3Options } from "./s3-flags.js";

function read(flags: Readonly<Record<string, string[]>>, variables: Record<string, string> = {}) {
  const { s3 = {}, ...others } = s3Options(new Options(s3Flags, new Map(Object.entries(flags)), variables));
  const given = Object.entries(s3).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...others };
}

describe("s3Options()", () => {
  test("reads flags and variables", () => {
    expect(read({ "s3-connections": ["16"], "s3-path-style": ["host"], "s3-anonymous": ["true"] })).toEqual({
      connections: 16,
      pathStyle: "host",
      anonymous: true,
    });
    expect(read({}, { BCAT_S3_REGION: "eu", BCAT_S3_STORAGE_CLASS: "X", BCAT_OPTION: "s3.connections=3" })).toEqual({
      region: "eu",
      storageClass: "X",
      connections: 3,
    });
  });

  test.each([
    ["s3.connections=7", { connections: 7 }],
    ["s3.region=eu", { region: "eu" }],
    ["s3.storage-class=STANDARD_IA", { storageClass: "STANDARD_IA" }],
    ["s3.bucket-lookup=dns", { pathStyle: "host" }],
    ["s3.bucket-lookup=path", { pathStyle: "path" }],
    ["s3.bucket-lookup=auto", { pathStyle: "auto" }],
    ["s3.retries=3", {}],
    ["s3.retries=0", { retryForMs: 0 }],
    ["s3.unsafe-anonymous-auth=true", { anonymous: true }],
    ["s3.list-objects-v1=true", { listVersion: 1 }],
    ["s3.list-objects-v1=false", { listVersion: 2 }],
  ])("-o %s is as restic has it", (word, options) => {
    expect(read({ option: [word] })).toEqual(options);
  });

  test.each([
    ["s3.connections=0", /1 to 64/],
    ["s3.connections=x", /1 to 64/],
    ["s3.connections", /s3\.connections=…/],
    ["s3.region=", /s3\.region=…/],
    ["s3.bucket-lookup=host", /auto, dns, path/],
    ["s3.list-objects-v1=maybe", /true, false/],
    ["s3.layout=default", /there is one layout/],
    ["local.connections=3", /as fast as the disk/],
    ["b2.connections=5", /known are s3\.bucket-lookup, s3\.connections/],
    ["constructor", /known are/],
  ])("-o %s is refused", (word, reason) => {
    expect(() => read({ option: [word] })).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => read({ option: [word] })).toThrow(reason);
  });

  test("refuses what is given twice", () => {
    expect(() => read({ option: ["s3.region=a"], "s3-region": ["b"] })).toThrow(/twice/);
    expect(() => read({ option: ["s3.region=a", "s3.region=b"] })).toThrow(/twice/);
  });

  test.each(["0", "65", "-1", "1.5", ""])("--s3-connections %j is refused", (value) => {
    expect(() => read({ "s3-connections": [value] })).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
