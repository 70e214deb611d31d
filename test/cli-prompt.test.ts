/** What is different at a terminal: the passphrase is asked for, and errors are red. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, DeskWithSnapshot, passphrase, program } from "./cli/desk.js";
import { canUseTerminal, onTerminal } from "./cli/terminal.js";
import { usesKoffi } from "./kit/exact-times.js";

const first = "passphrase for the new repository: ";
const second = "the same passphrase again: ";
const only = "passphrase: ";
const clearLine = "\r\u001b[K";
const clearLineAbove = "\u001b[A\u001b[K";
const red = "\u001b[31m";

describe.concurrent("on a pipe", () => {
  const models = new DeskWithSnapshot("passphrase");
  let desk: Desk;
  beforeAll(async () => {
    desk = await models.open();
  });
  afterAll(() => {
    desk[Symbol.dispose]();
    models[Symbol.dispose]();
  });

  const piped = (line: string, env = {}) =>
    desk.run(["setsid", "--wait", "sh", "-c", line.replaceAll("bcat", `"${program}"`)], {
      env: { BCAT_PASSWORD: undefined, ...env },
    });

  test("the passphrase is read where nothing names it, and only its line", async () => {
    const run = await piped(
      `(echo ${passphrase}; echo more; sleep 1000 & echo $! >sleeper) | bcat ls 1 a.txt; kill $(cat sleeper)`,
    );
    expect(run).toMatchObject({ code: 0, stdout: `${desk.root}/a.txt\n` });
    expect(run.stderr).toBe("reading the passphrase from standard input\n");
  });

  test("it is read for -p -, which wins over BCAT_PASSWORD", async () => {
    desk.write({ word: passphrase });
    const run = await piped("bcat -q -p - ls 1 a.txt <word", { BCAT_PASSWORD: "another" });
    expect(run).toMatchObject({ code: 0, stdout: `${desk.root}/a.txt\n`, stderr: "" });
  });

  test("it is not looked for in the data of a command", async () => {
    const run = await piped("echo data | bcat -p - backup --stdin");
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("the command reads its data there") });
    expect((await piped("echo a.txt | bcat backup --files-from -")).code).toBe(12);
  });

  test("a wrong one is not asked for again, and an empty pipe without a terminal is none", async () => {
    const wrong = await piped("echo guess | bcat -q snapshots");
    expect(wrong).toMatchObject({
      code: 12,
      stderr: expect.stringMatching(/^bcat: cannot open .*: wrong passphrase\n$/),
    });
    const none = await piped("true | bcat -q snapshots");
    expect(none).toMatchObject({ code: 12, stderr: expect.stringContaining("there is no terminal") });
  });
});

describe.skipIf(!canUseTerminal()).concurrent("at a terminal", () => {
  const models = new DeskWithSnapshot("passphrase");
  let desk: Desk;
  beforeAll(async () => {
    desk = await models.open();
  });
  afterAll(() => {
    desk[Symbol.dispose]();
    models[Symbol.dispose]();
  });

  test("what others ask for is echoed (so that the next tests can fail)", async () => {
    const { screen } = await onTerminal(desk, 'echo ask:; read answer; echo "got $answer"', [
      { question: "ask:", type: "blue\n" },
    ]);
    expect(screen).toMatch(/ask:\r\nblue\r\ngot blue\r\n/);
  });

  test("init asks twice and shows nothing of the answers", async () => {
    using own = new Desk("passphrase");
    const { code, screen } = await onTerminal(own, '"$BCAT" init', [
      { question: first, type: `${passphrase}\r` },
      { question: second, type: `${passphrase}\r` },
    ]);
    expect(screen).toMatch(new RegExp(`^${first}\r?\n${second}\r?\ncreated repository [0-9a-f]{10} in `));
    expect(code).toBe(0);
    expect(await own.good(["snapshots"])).toBe("");
  });

  test("init with two answers that differ makes no repository", async () => {
    using own = new Desk("passphrase");
    const { code, screen } = await onTerminal(own, '"$BCAT" init', [
      { question: first, type: `${passphrase}\r` },
      { question: second, type: `${passphrase}x\r` },
    ]);
    expect(screen).toContain("the two passphrases differ; nothing was created");
    expect(screen).not.toContain(passphrase);
    expect(code).toBe(2);
    expect(existsSync(own.repository)).toBe(false);
  });

  test("init refuses an empty answer", async () => {
    using own = new Desk("passphrase");
    const { code, screen } = await onTerminal(own, '"$BCAT" init', [{ question: first, type: "\r" }]);
    expect(screen).toContain("the passphrase is empty");
    expect(code).toBe(2);
    expect(existsSync(own.repository)).toBe(false);
  });

  test("other commands ask once, and backspace and Ctrl-U edit the answer", async () => {
    const { code, screen } = await onTerminal(desk, '"$BCAT" ls 1 a.txt', [
      { question: only, type: `nonsense\u0015${passphrase}xy\u007f\u007f\r` },
    ]);
    expect(screen).toBe(`${only}\r\n${desk.root}/a.txt\r\n`);
    expect(code).toBe(0);
  });

  test("the question does not go to stdout", async () => {
    const answers = [{ question: only, type: `${passphrase}\r` }];
    const { code } = await onTerminal(desk, '"$BCAT" ls 1 a.txt > listing', answers);
    expect(code).toBe(0);
    expect(desk.read("listing")).toBe(`${desk.root}/a.txt\n`);
  });

  test("the question is shown though standard error is a file", async () => {
    const answers = [{ question: only, type: `${passphrase}\r` }];
    const { code, screen } = await onTerminal(desk, 'timeout --foreground 20 "$BCAT" ls 1 a.txt 2>errors', answers);
    expect({ code, screen }).toEqual({ code: 0, screen: `${only}\r\n${desk.root}/a.txt\r\n` });
    expect(desk.read("errors")).toBe("");
  });

  test("a wrong answer may be typed again, twice", async () => {
    const answers = ["guess", "guess again", passphrase].map((answer) => ({ question: only, type: `${answer}\r` }));
    const { code, screen } = await onTerminal(desk, '"$BCAT" ls 1 a.txt', answers, { NO_COLOR: "1" });
    const again = `${only}\r\nbcat: wrong passphrase, try again\r\n`;
    expect(screen).toBe(`${again}${again}${only}\r\n${desk.root}/a.txt\r\n`);
    expect(code).toBe(0);
  });

  test("the terminal is asked where standard input is a pipe with nothing in it, or a file", async () => {
    const answers = [{ question: only, type: `${passphrase}\r` }];
    desk.write({ list: "1\n" });
    for (const line of [
      'true | "$BCAT" -q ls 1 a.txt 2>/dev/null',
      'while read n; do "$BCAT" ls $n a.txt; done <list',
    ]) {
      const { code, screen } = await onTerminal(desk, line, answers);
      expect({ code, screen }).toEqual({ code: 0, screen: `${only}\r\n${desk.root}/a.txt\r\n` });
    }
  });

  test("wrong answers end with 12 and a red line, a colourless one with NO_COLOR", async () => {
    const answers = Array.from({ length: 3 }, () => ({ question: only, type: "guess\r" }));
    const { code, screen } = await onTerminal(desk, '"$BCAT" snapshots', answers);
    expect(screen).toContain(`${red}bcat:\u001b[0m cannot open the repository`);
    expect(code).toBe(12);
    const plain = await onTerminal(desk, '"$BCAT" snapshots', answers, { NO_COLOR: "1" });
    expect(plain.screen).toMatch(/\nbcat: cannot open the repository/);
    expect(plain.screen).not.toContain("\u001b[31m");
    expect(plain.code).toBe(12);
  });

  test("Ctrl-C at the question ends with 130, Ctrl-D with 12", async () => {
    const interrupted = await onTerminal(desk, '"$BCAT" snapshots', [{ question: only, type: "half\u0003" }]);
    expect(interrupted.screen).toMatch(/interrupted/);
    expect(interrupted.code).toBe(130);
    const closed = await onTerminal(desk, '"$BCAT" snapshots', [{ question: only, type: "\u0004" }]);
    expect(closed.screen).toMatch(/the terminal closed/);
    expect(closed.code).toBe(12);
  });

  test("the terminal echoes again afterwards", async () => {
    const { screen } = await onTerminal(desk, '"$BCAT" ls 1 a.txt; echo ask:; read answer', [
      { question: only, type: `${passphrase}\r` },
      { question: "ask:", type: "blue\n" },
    ]);
    expect(screen).toMatch(/ask:\r\nblue\r\n/);
  });

  test("progress is two lines that are taken away, and none with --quiet", async () => {
    using own = new Desk("passphrase");
    own.write({ "source/a": 20_000_000 });
    const env = { BCAT_PASSWORD: passphrase, BCAT_PROGRESS_FPS: "60" };
    const { screen } = await onTerminal(own, '"$BCAT" backup --init source', [], env);
    const lines = screen.replaceAll(clearLineAbove, "").split(clearLine);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines.slice(1, -1))
      expect(line).toMatch(/^([\d.]+%, )?\d (of 1 )?files?, [^\n]*(\r\n\/[^\n]*)?$/);
    expect(screen.split(clearLineAbove).length).toBe(screen.split(/\n\/[^\n]*source\/a/).length);
    // Without koffi a message stands before it.
    expect(lines.at(-1)).toMatch(usesKoffi ? /^snapshot 1: 1 file/ : /^(?:[^\n]*takes koffi\r?\n)?snapshot 1: 1 file/);
    expect((await onTerminal(own, '"$BCAT" backup --quiet source', [], env)).screen).toBe("");
  });
});
