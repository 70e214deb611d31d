import { describe, expect, test } from "vitest";
import { type FileCounts, fileProgress, progressParts } from "./file-progress.js";
import { joinParts } from "./line-parts.js";
import { Output, type TextStream } from "./output.js";
import { Progress } from "./progress.js";

interface Simulation {
  readonly progress: Progress<FileCounts>;
  /** Reports every 10 ms of a clock up to `endMs`, at 1,000 bytes a report. */
  report(endMs: number): void;
  /** Ticks at every second up to so many ms later, without a report. */
  tick(ms: number): void;
  readonly output: Output;
  readonly stdout: string[];
  readonly stderr: string[];
}

function simulate(settings: { terminal?: boolean; json?: boolean; quiet?: boolean; seconds?: number }): Simulation {
  const [stdout, stderr]: string[][] = [[], []];
  const stream = (texts: string[] = [], isTTY = false): TextStream => ({
    isTTY,
    write: (text) => texts.push(text) > 0,
    on: () => {},
    once: () => {},
  });
  const { terminal = false, json = false, quiet = false, seconds } = settings;
  const output = new Output({ stdout: stream(stdout), stderr: stream(stderr, terminal), json, color: false });
  output.quiet = quiet;
  let ms = 5_000_000;
  const form = fileProgress<FileCounts>(() => ({ files_done: 1 }));
  const intervalMs = seconds === undefined ? undefined : seconds * 1000;
  const ticks = new Map<() => void, number>();
  const every = (eachMs: number, tick: () => void) => {
    ticks.set(tick, eachMs);
    return () => void ticks.delete(tick);
  };
  const progress = new Progress(form, { output, now: () => ms, intervalMs, every });
  const tick = (forMs: number) => {
    for (const endMs = ms + forMs; ms < endMs; ) {
      ms += 1000;
      for (const [call, eachMs] of ticks) if (ms % eachMs === 0) call();
    }
  };
  const report = (endMs: number) => {
    for (let i = 1; i <= endMs / 10; i++) {
      ms += 10;
      progress.update({ filesDone: i, bytesDone: i * 1000, filesTotal: 1e6, bytesTotal: 1e9, errors: 0 });
    }
  };
  return { progress, report, tick, output, stdout: stdout ?? [], stderr: stderr ?? [] };
}

describe("Progress", () => {
  test("is told ten times a second on a terminal, in one line", () => {
    const { report, stdout, stderr } = simulate({ terminal: true });
    report(2000);
    expect([stdout.length, stderr.length]).toEqual([0, 20]);
    for (const text of stderr) expect(text.split("\u001b[K")).toEqual(["\r", expect.stringMatching(/^[^\n]{1,79}$/)]);
  });

  test("is not told elsewhere", () => {
    const { report, progress, stderr } = simulate({});
    report(100_000);
    progress.finish();
    expect(stderr).toEqual([]);
  });

  test("is a plain line as often as it is asked for", () => {
    const { report, stderr } = simulate({ seconds: 10 });
    report(9_990);
    expect(stderr).toEqual([]);
    report(20_010);
    expect(stderr.length).toBe(3);
    expect(stderr[2]).toBe("0.2%, 2,001 of 1,000,000 files, 1.91 MiB of 954 MiB, 97.7 KiB/s, 2:46:20 left\n");
  });

  test("is a message every second with --json", () => {
    const { report, stdout, stderr } = simulate({ json: true, terminal: true });
    report(3000);
    expect([stdout.length, stderr.length]).toEqual([3, 0]);
    expect(JSON.parse(stdout[2] ?? "")).toEqual({
      message_type: "status",
      seconds_elapsed: 3,
      seconds_remaining: 9997,
      percent_done: 0.0003,
      total_files: 1e6,
      total_bytes: 1e9,
      files_done: 1,
    });
  });

  test("of unknown length has no percentage", () => {
    const { message, share } = fileProgress<FileCounts>(() => ({}));
    const counts = { filesDone: 1, bytesDone: 5, filesTotal: undefined, errors: 0 };
    const pace = { elapsedMs: 1000, bytesPerSecond: 5, share: undefined };
    expect(message({ ...counts, bytesTotal: undefined }, pace)).not.toHaveProperty("percent_done");
    expect(share({ ...counts, bytesTotal: undefined })).toBeUndefined();
    expect(share({ ...counts, bytesTotal: 10 })).toBe(0.5);
    expect(share({ ...counts, filesTotal: 4, bytesTotal: 0 })).toBe(0.25);
    expect(share({ ...counts, bytesTotal: 10, share: 0.25 })).toBe(0.25);
  });

  test("is told as often as it is asked for, also with --json", () => {
    const { report, stdout } = simulate({ json: true, seconds: 0.2 });
    report(3000);
    expect(stdout.length).toBe(15);
  });

  test("is never told with an infinite interval", () => {
    const { report, stderr } = simulate({ terminal: true, seconds: Number.POSITIVE_INFINITY });
    report(30_000);
    expect(stderr).toEqual([]);
  });

  test("is told at once when a signal asks, whatever else is told", () => {
    for (const settings of [{}, { quiet: true }, { terminal: true, quiet: true }]) {
      const { report, progress, stdout, stderr } = simulate(settings);
      expect(progress.hasNews).toBe(false);
      progress.tellNow();
      report(10);
      expect(progress.hasNews).toBe(true);
      progress.tellNow();
      expect(stdout).toEqual([]);
      expect(stderr).toEqual([expect.stringMatching(/^0\.0%, 1 of 1,000,000 files, 0\.98 KiB of 954 MiB, .*\n$/)]);
      progress.finish();
      expect(progress.hasNews).toBe(false);
    }
    const { report, progress, stdout, stderr } = simulate({ json: true, quiet: true });
    report(10);
    progress.tellNow();
    expect([stdout.length, stderr]).toEqual([1, []]);
  });

  test("never goes back, and ends with all", () => {
    const { progress, report, stdout } = simulate({ json: true, seconds: 0.001 });
    report(10);
    const counts = { filesDone: 5, bytesDone: 100, filesTotal: 9, errors: 0 };
    for (const bytesTotal of [1000, 200, 400, 50, 100_000]) {
      progress.update({ ...counts, bytesTotal });
      progress.tellNow();
      report(10);
    }
    progress.finish();
    progress.finish();
    const shares = stdout.map((line) => JSON.parse(line).percent_done as number);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.filter((share) => share === 1).length).toBe(1);
    expect(shares.filter((share) => share === 0.999).length).toBeGreaterThan(1);
  });

  test("is told anew while the work waits", () => {
    const { tick, report, stdout } = simulate({ json: true });
    tick(5_000);
    expect(stdout).toEqual([]);
    report(1_000);
    tick(3_000);
    expect(stdout.map((line) => JSON.parse(line).seconds_elapsed)).toEqual([5, 7, 8, 9]);
  });

  test("is not told anew when it has ended", () => {
    for (const end of ["finish", "stop"] as const) {
      const { tick, report, progress, stdout } = simulate({ json: true });
      report(1_000);
      progress[end]();
      const told = stdout.length;
      tick(5_000);
      expect(stdout.length).toBe(told);
    }
  });

  test("is told anew on a terminal only where it stands", () => {
    const { tick, report, output, progress, stderr } = simulate({ terminal: true });
    report(1_000);
    const told = stderr.length;
    tick(2_000);
    expect(stderr.length).toBe(told + 2);
    output.status({ line: "deleting in 5 s" });
    tick(2_000);
    expect(stderr.length).toBe(told + 3);
    progress.hide();
    tick(2_000);
    expect(stderr.length).toBe(told + 4);
  });

  test("is not told with --quiet", () => {
    const { report, stdout, stderr } = simulate({ json: true, quiet: true });
    report(30_000);
    expect([stdout, stderr]).toEqual([[], []]);
  });
});

describe("progressParts()", () => {
  const counts = { filesDone: 1, bytesDone: 1024, filesTotal: undefined, bytesTotal: undefined, errors: 0 };

  test("tells the time so far when there is no total", () => {
    expect(joinParts(progressParts(counts, { elapsedMs: 61_000, bytesPerSecond: undefined, share: undefined }))).toBe(
      "1 file, 1.00 KiB, 1:01 so far",
    );
  });

  test("does not trust a total that is passed already", () => {
    const parts = progressParts(
      { ...counts, bytesTotal: 10, errors: 2 },
      { elapsedMs: 0, bytesPerSecond: 1024, share: 0.9996 },
    );
    expect(joinParts(parts)).toBe("99.9%, 1 file, 1.00 KiB, 1.00 KiB/s, 0:00 so far, 2 errors");
  });
});
