import { describe, expect, test } from "vitest";
import { locateRepository } from "./location.js";

const aws = { kind: "s3", bucket: "bucket", location: "s3://bucket/a/b", prefix: "a/b" };
const other = { kind: "s3", bucket: "bucket", prefix: "a/b" };

describe("locateRepository() of a bucket", () => {
  test.each([
    ["s3://bucket/a/b", aws],
    ["S3://bucket/a/b/", aws],
    ["s3://bucket//a//b", aws],
    ["s3:s3.amazonaws.com/bucket/a/b", aws],
    ["s3:https://s3.amazonaws.com/bucket/a/b", aws],
    ["s3:https://s3.eu-central-1.amazonaws.com/bucket/a/b", { ...aws, region: "eu-central-1" }],
    ["s3:s3-eu-west-1.amazonaws.com/bucket/a/b", { ...aws, region: "eu-west-1" }],
    ["s3:eu-central-1/bucket/a/b", { ...aws, region: "eu-central-1" }],
    ["s3://bucket", { kind: "s3", bucket: "bucket", prefix: "", location: "s3://bucket" }],
    ["s3://my.bucket/x", { kind: "s3", bucket: "my.bucket", prefix: "x", location: "s3://my.bucket/x" }],
    ["s3:https://Host:443/bucket/a/b", { ...other, endpoint: "https://host", location: "s3:https://host/bucket/a/b" }],
    [
      "s3:http://host:9000/bucket/a/b/",
      { ...other, endpoint: "http://host:9000", location: "s3:http://host:9000/bucket/a/b" },
    ],
    [
      "s3:host:9000/bucket/a/b",
      { ...other, endpoint: "https://host:9000", location: "s3:https://host:9000/bucket/a/b" },
    ],
    [
      "s3:https://host/bucket/a%20b",
      { ...other, prefix: "a b", endpoint: "https://host", location: "s3:https://host/bucket/a b" },
    ],
  ])("takes %s", (given, place) => {
    expect(locateRepository(given, {})).toEqual(place);
  });

  test("has the server from --s3-endpoint, or the variables of AWS", () => {
    const place = { ...other, endpoint: "http://h:1", location: "s3:http://h:1/bucket/a/b" };
    expect(locateRepository("s3://bucket/a/b", {}, { s3: { endpoint: "http://h:1/" } })).toEqual(place);
    expect(locateRepository("s3://bucket/a/b", { AWS_ENDPOINT_URL: "x", AWS_ENDPOINT_URL_S3: "http://h:1" })).toEqual(
      place,
    );
    expect(locateRepository("s3://bucket/a/b", {}, { s3: { endpoint: "h:1" } })).toMatchObject({
      endpoint: "https://h:1",
    });
    expect(locateRepository("s3:s3.amazonaws.com/bucket/a/b", { AWS_ENDPOINT_URL: "http://h:1" })).toEqual(aws);
    expect(locateRepository("s3://bucket/a/b", { AWS_ENDPOINT_URL: "http://h:1", AWS_ENDPOINT_URL_S3: "" })).toEqual(
      locateRepository("s3:http://h:1/bucket/a/b", {}),
    );
    expect(locateRepository("s3://bucket/a/b", { AWS_ENDPOINT_URL: "" })).toEqual(aws);
  });

  test.each([
    ["s3:", /names no/],
    ["s3://", /no bucket/],
    ["s3:///prefix", /no bucket/],
    ["s3:host", /no bucket/],
    ["s3:/bucket", /names no server/],
    ["s3:https://host", /no bucket/],
    ["s3:https://host/", /no bucket/],
    ["s3:https:///bucket", /names no server/],
    ["s3:ftp://host/bucket", /names no/],
    ["s3://b", /name that no bucket has/],
    ["s3://bu cket/x", /name that no bucket has/],
    ["s3://host:9000/bucket", /s3:https:\/\/host:9000/],
    ["s3://s3.amazonaws.com/bucket", /s3:https:\/\/s3\.amazonaws\.com/],
    ["s3://eu-central-1/bucket", /s3:eu-central-1/],
    ["s3:https://bucket.s3.amazonaws.com/prefix", /s3:\/\/bucket/],
    ["s3://bucket/../x", /part/],
    ["s3://bucket/a\nb", /control/],
    ["s3://bucket/a ", /ends with a blank/],
    ["s3:https://host/bucket/a ", /ends with a blank/],
    ["s3:https://host/bucket?x=1", /%3F/],
    ["s3:https://host/bucket/%zz", /%25/],
    [`s3://bucket/${"a".repeat(513)}`, /512/],
  ])("refuses %j", (given, reason) => {
    expect(() => locateRepository(given, {})).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => locateRepository(given, {})).toThrow(reason);
  });

  test("refuses two servers", () => {
    expect(() => locateRepository("s3:https://host/bucket", {}, { s3: { endpoint: "http://h" } })).toThrow(/leave out/);
  });

  test.each(["s3:https://me:secret@host/bucket", "s3://me:secret@bucket/x", "s3:me:secret@host/bucket"])(
    "refuses %s without repeating what may be a password",
    (given) => {
      expect(() => locateRepository(given, {})).toThrow(/^((?!secret).)*AWS_ACCESS_KEY_ID.*$/s);
    },
  );
  test("does not repeat a password of --s3-endpoint", () => {
    const options = { s3: { endpoint: "http://me:secret@host" } };
    expect(() => locateRepository("s3://bucket", {}, options)).toThrow(/^((?!secret).)*form.*$/s);
  });
});
