/** Faults of the network in words, and which of them go away by themselves. */
import { describeSystemError, StorageError } from "@bcat/errors";

/** What a certificate is refused for; waiting does not change it. */
const certificateWords: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not yet valid; is the clock of this machine right?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself; --cacert names a file of those to trust",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  SELF_SIGNED_CERT_IN_CHAIN: "nobody known has signed its certificate; --cacert names a file of those to trust",
  UNABLE_TO_GET_ISSUER_CERT: "nobody known has signed its certificate; --cacert names a file of those to trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "nobody known has signed its certificate; --cacert names a file of those to trust",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "nobody known has signed its certificate; --cacert names a file of those to trust",
};

const networkWords: Readonly<Record<string, string>> = {
  EAI_AGAIN: "its name cannot be looked up now",
  ECONNABORTED: "the connection was given up",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was lost",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no network",
  ENOTFOUND: "there is no host of that name",
  EPIPE: "the connection was lost",
};

/** Neither do these change by themselves. */
const finalWords: Readonly<Record<string, string>> = {
  EPROTO: "it does not speak TLS, or not as this program does; without TLS it is http:// (s3:http://)",
  HPE_INVALID_CONSTANT: "it does not speak HTTP; with TLS it is https:// (s3:https://)",
};

export interface NetworkFault {
  /** The end of a sentence. */
  readonly words: string;
  /** Trying again is useless. */
  readonly isFinal: boolean;
}

/** A fault that this package finds by itself. */
export class WireFault extends Error {
  readonly isFinal: boolean;

  constructor(words: string, options?: { cause?: unknown; isFinal?: boolean }) {
    super(words, options);
    this.isFinal = options?.isFinal ?? false;
  }
}

/** Errors of which is known, from where they happened, that they stay. */
const final = new WeakSet<Error>();

/** Makes `error` one that trying again does not help against. */
export function noteFinal(error: Error): void {
  final.add(error);
}

/** What an error of a connection means. */
export function describeNetworkError(error: unknown): NetworkFault {
  const fault = describe(error);
  return error instanceof Error && final.has(error) ? { ...fault, isFinal: true } : fault;
}

function describe(error: unknown): NetworkFault {
  if (error instanceof WireFault) return { words: error.message, isFinal: error.isFinal };
  const code = codeOf(error);
  const certificate = certificateWords[code];
  if (certificate !== undefined) return { words: `${certificate} (${code})`, isFinal: true };
  const stays = finalWords[code];
  if (stays !== undefined) return { words: `${stays} (${code})`, isFinal: true };
  const network = networkWords[code];
  if (network !== undefined) return { words: `${network} (${code})`, isFinal: false };
  return { words: describeSystemError(error), isFinal: false };
}

/** The StorageError for a request that failed below HTTP; `action` is `read "config" in …`. */
export function networkError(error: unknown, action: string): StorageError {
  const { words, isFinal } = describeNetworkError(error);
  return new StorageError(`Cannot ${action}: ${words}`, { cause: error, isFinal });
}

/** Node tries each address of a host and then throws all errors at once: the last one tells. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1));
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
