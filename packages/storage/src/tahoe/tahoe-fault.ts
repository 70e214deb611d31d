/** What a gateway says went wrong, in words. Its own texts can hold caps, which are secrets: only names of errors are taken. */
import { WireFault } from "../wire/network-error.js";
import { statusFault } from "../wire/status.js";

interface Known {
  readonly words: string;
  readonly isFinal?: boolean;
}

const known: Readonly<Record<string, Known>> = {
  // Storage servers that are away may come back.
  NotEnoughSharesError: { words: "too few shares of it are found; are storage servers away?" },
  NoSharesError: { words: "no shares of it are found; are storage servers away, or is the cap another grid's?" },
  UnrecoverableFileError: { words: "too few good shares of it are found; are storage servers away?" },
  UploadUnhappinessError: { words: "too few storage servers take shares; are some away, or full?" },
  NoServersError: { words: "no storage server is connected" },
  NotEnoughServersError: { words: "too few storage servers are connected" },
  UncoordinatedWriteError: {
    words: "somebody else changes the same folder through another gateway; all writers must use one",
  },
  NotWriteableError: { words: "the cap is for reading only", isFinal: true },
  ReadOnlyNode: { words: "the cap is for reading only", isFinal: true },
  BadURIError: { words: "the cap is not whole", isFinal: true },
  FileTooLargeError: { words: "the grid takes nothing that large", isFinal: true },
  FileProhibited: { words: "the gateway does not give it out", isFinal: true },
};

/** @param body of the answer, which is not shown */
export function tahoeFault(status: number, body: Uint8Array): WireFault {
  const text = Buffer.from(body).toString("latin1");
  const name = Object.keys(known).find((candidate) => text.includes(candidate));
  if (name !== undefined) {
    const { words, isFinal = false } = known[name]!;
    return new WireFault(`${words} (${name})`, { isFinal });
  }
  const [other] = /\b[A-Z][A-Za-z]{2,40}(?:Error|Exception|Failed)\b/.exec(text) ?? [];
  return statusFault(status, other);
}
