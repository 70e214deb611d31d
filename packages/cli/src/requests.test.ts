import { Meter } from "@bcat/host";
import { expect, test } from "vitest";
import { requestsField, requestsLine } from "./requests.js";

function meterOf(kinds: readonly ("get" | "put" | "putIfAbsent" | "registers")[], retries = 0): Meter {
  const meter = new Meter();
  for (const kind of kinds) meter.count(kind);
  for (let i = 0; i < retries; i++) meter.retried();
  meter.sent(1536);
  meter.received(10);
  return meter;
}

test.each([
  [meterOf(["get"]), "1 request (1 get), 1.50 KiB sent, 10 B received, no retries"],
  [
    meterOf(["get", "putIfAbsent", "get", "put"], 1),
    "4 requests (2 get, 1 put, 1 put-if-absent), 1.50 KiB sent, 10 B received, 1 retry",
  ],
  [
    meterOf(["registers", "get", "registers"]),
    "3 requests (1 get, 2 registers), 1.50 KiB sent, 10 B received, no retries",
  ],
])("requestsLine() names the kinds that were used (%#)", (meter, line) => {
  expect(requestsLine(meter)).toBe(line);
});

test("requestsField() has all kinds", () => {
  expect(requestsField(meterOf(["get", "putIfAbsent"], 2))).toEqual({
    requests: {
      get: 1,
      put: 0,
      put_if_absent: 1,
      list: 0,
      delete: 0,
      registers: 0,
      retries: 2,
      bytes_sent: 1536,
      bytes_received: 10,
    },
  });
});
