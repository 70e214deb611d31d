import { describe, expect, test } from "vitest";
import { proxyFor } from "./proxies.js";

const http = new URL("http://proxy:1");
const https = new URL("http://proxy:2");

describe("proxyFor()", () => {
  test("takes the proxy of the protocol", () => {
    expect(proxyFor({ http, https }, { protocol: "http:", host: "a", port: 80 })).toBe(http);
    expect(proxyFor({ http, https }, { protocol: "https:", host: "a", port: 443 })).toBe(https);
    expect(proxyFor({ http }, { protocol: "https:", host: "a", port: 443 })).toBeUndefined();
  });

  test("throws for one that cannot be used, but for hosts that are reached directly", () => {
    const settings = { http, https: new Error("no proxy"), except: "near" };
    expect(() => proxyFor(settings, { protocol: "https:", host: "far", port: 443 })).toThrow("no proxy");
    expect(proxyFor(settings, { protocol: "https:", host: "near", port: 443 })).toBeUndefined();
    expect(proxyFor(settings, { protocol: "http:", host: "far", port: 80 })).toBe(http);
  });

  test.each([
    ["example.org", "example.org", true],
    ["example.org", "EXAMPLE.org", true],
    ["example.org", "a.b.example.org", true],
    [".example.org", "a.example.org", true],
    [".example.org", "example.org", true],
    ["*.example.org", "a.example.org", true],
    ["example.org", "notexample.org", false],
    ["example.org:443", "example.org", true],
    ["example.org:80", "example.org", false],
    ["other, example.org", "example.org", true],
    ["other example.org", "example.org", true],
    ["*", "anything", true],
    ["", "anything", false],
    ["127.0.0.1", "127.0.0.1", true],
    ["0.0.1", "127.0.0.1", false],
    ["::1", "::1", true],
    ["[::1]", "::1", true],
    ["[::1]:443", "::1", true],
    ["[::1]:80", "::1", false],
    ["10.0.0.0/8", "10.1.2.3", true],
    ["10.0.0.0/8", "11.1.2.3", false],
    ["10.0.0.0/8", "10.example.org", false],
    ["192.168.4.0/22", "192.168.7.9", true],
    ["fd00::/8", "fd12::1", true],
    ["[fd00::]/8", "fe80::1", false],
    ["10.0.0.0/33", "10.0.0.0", false],
  ])("NO_PROXY %j excepts %s: %s", (except, host, isDirect) => {
    expect(proxyFor({ https, except }, { protocol: "https:", host, port: 443 })).toBe(isDirect ? undefined : https);
  });
});
