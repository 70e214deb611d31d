/** Progress of work that goes through phases, as check and prune tell it. */
import { formatCount } from "./format.js";
import type { LinePart } from "./line-parts.js";
import { type Pace, paceParts, secondsLeftByShare } from "./pace.js";
import type { ProgressForm } from "./progress.js";

/** Phases in the order in which they come, and what part of the work each is as a rule. */
export type Phases = Readonly<Record<string, number>>;

/** Of the whole, where one of several phases is so far; undefined for a phase that is not among them. */
export function shareOfPhases(phases: Phases, { phase, done, total, share }: PhaseCounts): number | undefined {
  if (!Object.hasOwn(phases, phase)) return undefined;
  const parts = Object.entries(phases);
  const before = parts
    .slice(
      0,
      parts.findIndex(([name]) => name === phase),
    )
    .reduce((sum, [, part]) => sum + part, 0);
  const within = Math.min(1, share ?? (total === undefined || total === 0 ? 0 : done / total));
  return before + within * phases[phase]!;
}

export interface PhaseCounts {
  readonly phase: string;
  readonly done: number;
  readonly total?: number | undefined;
  /** Of the phase, where that is known otherwise. */
  readonly share?: number | undefined;
}

/** `45.3%, packs: 12 of 30, 0:12 left`; `details` stand before the time. */
export function phaseParts(
  { phase, done, total }: PhaseCounts,
  pace: Pace,
  details: readonly LinePart[] = [],
): LinePart[] {
  const of = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
  const { share, time } = paceParts(pace, secondsLeftByShare(pace));
  return [...share, { text: `${phase}: ${of}`, rank: 1 }, ...details, time];
}

/** The form of work of which a part after the other is done; its output is one document, or tells of each part. */
export const countProgress: ProgressForm<PhaseCounts> = {
  bytes: () => 0,
  share: ({ done, total }) => (total === undefined || total === 0 ? undefined : done / total),
  line: (counts, pace) => phaseParts(counts, pace),
  message: undefined,
};

/** The fields of a status that all work in phases has. */
export function phaseFields({ phase, done, total }: PhaseCounts, pace: Pace): object {
  const left = secondsLeftByShare(pace);
  return {
    message_type: "status",
    seconds_elapsed: Math.floor(pace.elapsedMs / 1000),
    ...(left === undefined ? {} : { seconds_remaining: Math.round(left) }),
    phase,
    done,
    ...(total === undefined ? {} : { total }),
    ...(pace.share === undefined ? {} : { percent_done: pace.share }),
  };
}
