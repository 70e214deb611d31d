import { expect, test } from "vitest";
import { keyProcessFault, runKeyProcess } from "./key-process.js";

/** What is told of the failure of a process that may take so long. */
const faultOf = (command: string, timeoutMs?: number) =>
  new Promise<string | undefined>((settle) => runKeyProcess(command, (error) => settle(error?.message), timeoutMs));

test("a process that gives no keys in time is ended, with all that it has started out of the way", async () => {
  expect(await faultOf("sleep 1000; sleep 1000", 50)).toBe("the credential process gave no keys within 0.05 seconds");
});

test("a process that fails is told by its code and its last words", async () => {
  expect(await faultOf("echo a >&2; echo b >&2; exit 7")).toBe("the credential process ended with code 7: b");
  expect(await faultOf("kill -9 $$")).toBe("the credential process was ended by SIGKILL");
  expect(await faultOf("yes")).toMatch(/^the credential process printed more than keys/);
  expect(await faultOf("echo {}")).toBeUndefined();
});

test("of what the SDK would log, only faults of the process are taken", () => {
  const line = (words: string) => `@smithy/property-provider -> ${words}`;
  expect(keyProcessFault(line("Profile x credential_process returned invalid JSON."))).toBe(
    "the credential process returned invalid JSON",
  );
  expect(keyProcessFault(line("Profile x did not contain credential_process."))).toBeUndefined();
  expect(keyProcessFault("something else")).toBeUndefined();
});
