import { Meter } from "@bcat/host";
import { describe, expect, onTestFinished, test } from "vitest";
import { Inquiry } from "./inquiry.js";
import { Output, type TextStream } from "./output.js";
import { Waiting } from "./waiting.js";

interface Simulation {
  readonly waiting: Waiting;
  readonly output: Output;
  readonly inquiry: Inquiry;
  readonly meter: Meter;
  /** So many seconds pass. */
  readonly pass: (seconds: number) => void;
  /** What was written on stderr since the last time, without what takes lines away. */
  readonly told: () => string[];
}

interface Settings {
  readonly terminal?: boolean;
  readonly json?: boolean;
  readonly intervalMs?: number;
  readonly sharesTerminal?: boolean;
  readonly columns?: number;
}

function simulate(settings: Settings = {}): Simulation {
  const texts: string[] = [];
  const { terminal = true, json = false, intervalMs, sharesTerminal = false, columns } = settings;
  const stream = (into: string[], isTTY: boolean): TextStream => ({
    isTTY,
    ...(columns !== undefined && { columns }),
    write: (text) => into.push(text) > 0,
    on: () => {},
    once: () => {},
  });
  const output = new Output({ stdout: stream([], false), stderr: stream(texts, terminal), json, color: false });
  let ms = 0;
  let ticking: { readonly eachMs: number; readonly tick: () => void } | undefined;
  const every = (eachMs: number, tick: () => void) => {
    ticking = { eachMs, tick };
    return () => {
      ticking = undefined;
    };
  };
  const inquiry = new Inquiry();
  onTestFinished(() => inquiry[Symbol.dispose]());
  const meter = new Meter();
  const parts = { name: "forget", output, inquiry, meter, intervalMs, sharesTerminal };
  const waiting = new Waiting({ ...parts, now: () => ms, every });
  inquiry.add(waiting);
  const pass = (seconds: number) => {
    for (const endMs = ms + seconds * 1000; ms < endMs; ) {
      ms += 100;
      if (ticking !== undefined && ms % ticking.eachMs === 0) ticking.tick();
    }
  };
  const told = () =>
    texts
      .splice(0)
      .map((text) => text.replaceAll("\r", "").replaceAll("\u001b[K", "").trimEnd())
      .filter((text) => text !== "");
  return { waiting, output, inquiry, meter, pass, told };
}

/** Work that ends when it is told to. */
function openEnd(): { work: () => Promise<void>; end: () => void } {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe("Waiting", () => {
  test("says every second what is waited for, and what was asked of the storage", async () => {
    const { waiting, meter, pass, told } = simulate();
    const { work, end } = openEnd();
    const opened = waiting.during("opening the repository", work);
    pass(1);
    expect(told()).toEqual(["opening the repository, 0:01 so far"]);
    for (let i = 0; i < 24; i++) meter.count("get");
    meter.received(1_258_291);
    pass(2);
    expect(told()).toEqual([2, 3].map((s) => `opening the repository, 24 requests, 1.20 MiB received, 0:0${s} so far`));
    end();
    await opened;
    pass(1);
    expect(told()).toEqual(["forget, 24 requests, 1.20 MiB received, 0:04 so far"]);
  });

  test("is silent while somebody is asked, and takes its line away before", async () => {
    const { waiting, output, pass, told } = simulate();
    pass(1);
    expect(output.shown).toBeDefined();
    const { work, end } = openEnd();
    const asked = waiting.silently(work);
    expect(output.shown).toBeUndefined();
    told();
    pass(3);
    expect(told()).toEqual([]);
    pass(0.9);
    end();
    await asked;
    pass(0.1);
    expect(told()).toEqual([]);
    pass(1);
    expect(told()).toHaveLength(1);
  });

  test("gives way to the progress of the work, and to lines of others", () => {
    const { output, inquiry, pass, told } = simulate();
    const progress = { hasNews: true, tellNow: () => {}, stop: () => {} };
    inquiry.add(progress);
    pass(2);
    expect(told()).toEqual([]);
    progress.hasNews = false;
    output.status({ line: "probing: get" });
    told();
    pass(2);
    expect(told()).toEqual([]);
    output.status(undefined);
    pass(1);
    expect(told()).toHaveLength(1);
  });

  test("ends with the first line of the result, which a pager may show", () => {
    const { output, pass, told } = simulate();
    output.note("a warning");
    pass(1);
    expect(told()).toHaveLength(2);
    output.print("12 snapshots");
    told();
    pass(5);
    expect(told()).toEqual([]);
  });

  test("is quiet with --quiet, but for who asks", () => {
    const { output, inquiry, pass, told } = simulate();
    output.quiet = true;
    pass(3);
    expect(told()).toEqual([]);
    inquiry.newest?.tellNow();
    expect(told()).toEqual(["forget, 0:03 so far"]);
    output.json = true;
    inquiry.newest?.tellNow();
    const message = { message_type: "status", doing: "forget", seconds_elapsed: 3, requests: { retries: 0 } };
    expect(JSON.parse(told()[0]!)).toMatchObject(message);
  });

  test("is a plain line elsewhere, where it is asked for", () => {
    expect(linesIn(30, { terminal: false })).toEqual([]);
    expect(linesIn(30, { terminal: false, intervalMs: Number.POSITIVE_INFINITY })).toEqual([]);
    expect(linesIn(30, { terminal: false, json: true, intervalMs: 10_000 })).toEqual([]);
    expect(linesIn(30, { terminal: false, intervalMs: 10_000 })).toHaveLength(3);
    expect(linesIn(3, { terminal: false, intervalMs: 20 })).toHaveLength(3);
  });

  test("is taken away when the work tells of itself, which draws on an empty line", () => {
    const { output, inquiry, pass } = simulate();
    pass(1);
    expect(output.shown).toBeDefined();
    inquiry.add({ hasNews: true, tellNow: () => {}, stop: () => {} });
    pass(1);
    expect(output.shown).toBeUndefined();
  });

  test("is not drawn where other programs may talk on the terminal", () => {
    expect(linesIn(5, { sharesTerminal: true })).toEqual([]);
    expect(linesIn(5, { json: true })).toEqual([]);
    expect(linesIn(5, { sharesTerminal: true, terminal: false, intervalMs: 1000 })).toHaveLength(5);
  });

  test("keeps the time where there is no room", async () => {
    const { waiting, meter, pass, told } = simulate({ columns: 40 });
    meter.count("get");
    const { work, end } = openEnd();
    const opened = waiting.during("opening the repository", work);
    pass(1);
    expect(told()).toEqual(["opening the repository, 0:01 so far"]);
    end();
    await opened;
    const narrow = simulate({ columns: 15 });
    narrow.pass(1);
    expect(narrow.told()).toEqual(["0:01 so far"]);
  });

  test("leaves nothing behind, and tells nothing after the end", () => {
    const { output, inquiry, pass, told } = simulate();
    pass(1);
    expect(output.shown).toBeDefined();
    inquiry.end();
    expect(output.shown).toBeUndefined();
    told();
    pass(3);
    inquiry.newest?.tellNow();
    expect(told()).toEqual([]);
  });
});

function linesIn(seconds: number, settings: Settings): string[] {
  const { pass, told } = simulate(settings);
  pass(seconds);
  return told();
}
