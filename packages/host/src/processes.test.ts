import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { expect, test } from "vitest";
import { processes } from "./processes.js";

/** The mark of this process, with some of its fields replaced: host, boot, space, id, start. */
function markWith(changes: Readonly<Record<number, string>>): string {
  return processes.mark
    .split(" ")
    .map((field, i) => changes[i] ?? field)
    .join(" ");
}

test("a process that runs may run, however long it has been quiet", () => {
  expect(processes.mayRun(processes.mark, 1e12)).toBe(true);
});

test("a process that has ended does not run, nor does one that got its id", async () => {
  const child = spawn(process.execPath, ["-e", "0"]);
  await once(child, "close");
  expect(processes.mayRun(markWith({ 3: String(child.pid) }), 0)).toBe(false);
  expect(processes.mayRun(markWith({ 4: "1" }), 0)).toBe(false);
});

test("a process that has ended and nobody has asked for its end does not run", async () => {
  // A shell that has become another program does not know of its children any more.
  const words = ["-c", "cat <&3 & echo $!; exec sleep 600"];
  const shell = spawn("sh", words, { stdio: ["ignore", "pipe", "ignore", "pipe"] });
  const [line] = (await once(shell.stdout!, "data")) as [Buffer];
  const id = line.toString().trim();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  while (readFileSync(`/proc/${shell.pid}/comm`, "latin1") !== "sleep\n") await turn();
  (shell.stdio[3] as Writable).end();
  const stat = () => readFileSync(`/proc/${id}/stat`, "latin1").split(") ")[1]!.split(" ");
  while (stat()[0] !== "Z") await turn();
  expect(processes.mayRun(markWith({ 3: id, 4: stat()[19]! }), 0)).toBe(false);
  shell.kill("SIGKILL");
});

test("nothing runs any more after the machine was started again", () => {
  expect(processes.mayRun(markWith({ 1: "another-boot" }), 0)).toBe(false);
});

test.each([
  ["on another machine", { 0: "another" }],
  ["in another container", { 2: "pid:[1]" }],
])("a process %s runs as long as it gives signs of life", (_, changes) => {
  expect(processes.mayRun(markWith(changes), 60_000)).toBe(true);
  expect(processes.mayRun(markWith(changes), 3_600_000)).toBe(false);
});

test.each(["", "nothing", "a b c d e", "a b c 1"])("what is no mark (%o) holds nothing", (mark) => {
  expect(processes.mayRun(mark, 0)).toBe(false);
});
