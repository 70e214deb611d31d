/** Where a passphrase comes from that no flag and no variable names: a terminal, or a pipe on standard input. */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { isatty, ReadStream } from "node:tty";
import { Lines } from "./lines.js";
import { createPrompt, type PromptOptions } from "./prompt.js";

/** Asks a person, without showing what is typed. */
export type Ask = (question: string) => Promise<string>;

export type Stdin =
  /** A person types there, and is asked. */
  | { readonly kind: "terminal" }
  /** The command reads its data there. */
  | { readonly kind: "taken" }
  /** `nextLine` is undefined at the end. Of what is no pipe only who says so reads a passphrase. */
  | { readonly kind: "pipe" | "other"; readonly nextLine: () => Promise<string | undefined> };

export interface PassphraseInput {
  /** Undefined where there is no terminal. */
  readonly ask: Ask | undefined;
  readonly stdin: Stdin;
}

type Talk = Omit<PromptOptions, "open" | "close">;

/** Nothing is opened or read before it is needed. @param onWait told when standard input is waited for */
export function passphraseInput(talk: Talk, onWait: () => void): PassphraseInput {
  if (isatty(0)) return { ask: askOnStdin(talk), stdin: { kind: "terminal" } };
  const kind = kindOfStdin();
  const lines = new Lines(() => process.stdin, talk.signal);
  let hasTold = false;
  const nextLine = () => {
    if (!hasTold) onWait();
    hasTold = true;
    return lines.next();
  };
  return {
    // Of a service, and of what goes on behind a terminal that is not waited at, nobody is there to be asked.
    get ask() {
      return kind === "device" ? undefined : askAtTerminal(talk);
    },
    stdin: { kind: kind === "pipe" ? "pipe" : "other", nextLine },
  };
}

/** For a command that reads its data from standard input. */
export function besideData({ ask, stdin }: PassphraseInput): PassphraseInput {
  return { ask: stdin.kind === "terminal" ? undefined : ask, stdin: { kind: "taken" } };
}

/** `device` is /dev/null, or nothing at all. */
function kindOfStdin(): "pipe" | "file" | "device" {
  try {
    const stat = fstatSync(0);
    if (stat.isFIFO() || stat.isSocket()) return "pipe";
    return stat.isFile() ? "file" : "device";
  } catch {
    return "device";
  }
}

function askOnStdin(talk: Talk): Ask {
  return createPrompt({
    ...talk,
    open: () => process.stdin as ReadStream,
    close: (input) => void input.pause(),
    // In a file of errors nobody would read the question.
    write: isatty(2) ? talk.write : (text) => writeToTerminal(text, talk),
  });
}

function writeToTerminal(text: string, { write }: Talk): void {
  let fd: number;
  try {
    fd = openSync("/dev/tty", constants.O_WRONLY | constants.O_NOCTTY);
  } catch {
    write(text);
    return;
  }
  writeSync(fd, text);
  closeSync(fd);
}

/** At the terminal that the process belongs to, whatever its streams are. Undefined where it belongs to none. */
function askAtTerminal(talk: Talk): Ask | undefined {
  let fd: number;
  try {
    fd = openSync("/dev/tty", constants.O_RDWR | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
  return createPrompt({
    ...talk,
    // It opens the terminal once more for itself.
    open: () => new ReadStream(fd),
    close: (input) => void input.destroy(),
    write: (text) => void writeSync(fd, text),
  });
}
