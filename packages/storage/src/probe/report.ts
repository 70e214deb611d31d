/** What a probe found out about a storage. */

/** What was looked at. */
export type ProbeCheck =
  | "answer"
  | "read after write"
  | "put-if-absent, one after the other"
  | "put-if-absent, many at once"
  | "overwriting"
  | "ranges"
  | "listing"
  | "removing";

export interface ProbeFinding {
  readonly check: ProbeCheck;
  /** "note": not as one would wish, but nothing depends on it. */
  readonly verdict: "good" | "bad" | "note";
  /** The end of a sentence. */
  readonly found: string;
}

export interface ProbeSpeed {
  /** Medians (ms) of requests for one kilobyte, one after the other. */
  readonly putMs: number;
  readonly getMs: number;
  /** Several requests at once. */
  readonly bytesPerSecondSent: number;
  readonly bytesPerSecondReceived: number;
}

export interface ProbeReport {
  readonly findings: readonly ProbeFinding[];
  /** Several writers are kept apart, as far as a probe can tell: it can only disprove. */
  readonly keepsWritersApart: boolean;
  /** One writer at a time can rely on it. */
  readonly isUsable: boolean;
  /** Of the full form. */
  readonly speed?: ProbeSpeed;
  /** Objects of the probe that are still there. */
  readonly left: number;
}

/** What a probe of a place of registers found: all that is asked of it is that it keeps writers apart. */
export interface RegistersReport {
  readonly findings: readonly ProbeFinding[];
  /** As far as a probe can tell; false also where nothing could be tried. */
  readonly keepsWritersApart: boolean;
  /** Medians, where they were measured. */
  readonly speed?: Pick<ProbeSpeed, "putMs" | "getMs">;
  readonly left: number;
}

/** The checks that several writers depend on, beyond what one does. */
const ofSeveralWriters: readonly ProbeCheck[] = ["put-if-absent, one after the other", "put-if-absent, many at once"];

export function judge(findings: readonly ProbeFinding[]): Pick<ProbeReport, "keepsWritersApart" | "isUsable"> {
  const bad = findings.filter(({ verdict }) => verdict === "bad").map(({ check }) => check);
  const isUsable = bad.every((check) => ofSeveralWriters.includes(check));
  return { isUsable, keepsWritersApart: bad.length === 0 };
}
