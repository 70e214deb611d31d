/** What a prune has freed, what comes free later, and why not now: as lines and as a message. */
import type { OpenSession, PackSum, PruneSummary } from "@bcat/snapshot";
import { formatBytes, formatItems, formatLocalTime } from "./format.js";
import { quoteText } from "./quote.js";
import { formatSpan } from "./span.js";

export function pruneLines(summary: PruneSummary, { isDryRun }: { readonly isDryRun: boolean }): string[] {
  const { usedBytes, unusedBytes, decided, ended, spared, postponed, isUnlisted, leftovers, copiedBytes } = summary;
  const lines = ended.map((number) => `ended session ${number} of this machine, which did not finish`);
  lines.push(...decided.map((session) => `took ${nameOf(session)} for dead: silent for ${silenceOf(session)}`));
  lines.push(...(isDryRun ? wouldLines(summary) : doneLines(summary)));
  if (postponed.packs > 0)
    lines.push(
      `${sumText(postponed)} later: minimum storage duration until ${formatLocalTime(postponed.until).slice(0, 10)}`,
    );
  if (spared.packs > 0)
    lines.push(
      `${sumText(spared)} of a backup that did not finish wait for this machine's next, or go with prune --now`,
    );
  if (copiedBytes > 0) lines.push(`copied out of packs that go: ${formatBytes(copiedBytes)}`);
  if (summary.neededBytes !== undefined)
    lines.push(
      `the disk is full: what is left to free needs room for a copy of about ${formatBytes(summary.neededBytes)} first`,
    );
  if ((summary.reserveLost ?? 0) > 0)
    lines.push(`the reserve was used: there is no room yet to put ${formatBytes(summary.reserveLost!)} of it back`);
  if (leftovers > 0) lines.push(`removed ${formatItems(leftovers, "leftover")} of sessions that have ended`);
  const share = usedBytes + unusedBytes === 0 ? 0 : (100 * unusedBytes) / (usedBytes + unusedBytes);
  const unused =
    unusedBytes < 1
      ? "nothing unused is left"
      : `${formatBytes(Math.round(unusedBytes))} unused stay (${share.toFixed(1)} %)`;
  lines.push(`in use: ${formatBytes(Math.round(usedBytes))}; ${unused}`);
  if (isUnlisted) lines.push("this storage lists nothing: packs that no snapshot ever named were not found");
  return lines;
}

function wouldLines({ condemned, later }: PruneSummary): string[] {
  if (later.packs === 0) return ["there is nothing to free"];
  const { dead, mixed, orphans } = condemned;
  const lines = [`would free ${sumText(later)}`];
  if (dead.packs > 0) lines.push(`  of which nothing is used: ${sumText(dead)}`);
  if (mixed.packs > 0) lines.push(`  of which what is used would be copied: ${sumText(mixed)}`);
  if (orphans.packs > 0) lines.push(`  left by backups that did not finish: ${sumText(orphans)}`);
  return lines;
}

function doneLines({ freed, freedParity, later, waitsFor }: PruneSummary): string[] {
  const lines: string[] = [];
  const parity = freedParity === 0 ? "" : `, and ${formatBytes(freedParity)} of their parity`;
  if (freed.packs > 0) lines.push(`freed ${sumText(freed)}${parity}`);
  if (later.packs > 0 && waitsFor.length === 0)
    lines.push(`${sumText(later)} come free with the next prune, or with prune --now`);
  if (later.packs > 0 && waitsFor.length > 0) lines.push(`${sumText(later)} come free later, ${waitText(waitsFor)}`);
  return lines.length === 0 ? ["there is nothing to free"] : lines;
}

/** `waiting for session 412 of host a, 3 h` */
function waitText(sessions: readonly OpenSession[]): string {
  const names = sessions.map((session) => `${nameOf(session)}, ${silenceOf(session)}`);
  return `waiting for ${names.join("; ")}`;
}

function nameOf({ number, host }: OpenSession): string {
  return quoteText(`session ${number} of host ${host}`);
}

function silenceOf({ silentMs }: OpenSession): string {
  return formatSpan(silentMs);
}

function sumText({ packs, bytes }: PackSum): string {
  return `${formatBytes(Math.round(bytes))} (${formatItems(packs, "pack")})`;
}

export function pruneMessage(summary: PruneSummary): object {
  const { condemned, freed, later, waitsFor, decided } = summary;
  const sessions = (list: readonly OpenSession[]) =>
    list.map(({ number, kind, host, silentMs }) => ({
      session: number,
      kind,
      host,
      seconds_silent: Math.floor(silentMs / 1000),
    }));
  return {
    message_type: "summary",
    packs_unused: condemned.dead.packs,
    bytes_unused: condemned.dead.bytes,
    packs_repacked: condemned.mixed.packs,
    bytes_repacked: condemned.mixed.bytes,
    packs_unreferenced: condemned.orphans.packs,
    bytes_unreferenced: condemned.orphans.bytes,
    bytes_copied: summary.copiedBytes,
    packs_removed: freed.packs,
    bytes_removed: freed.bytes,
    bytes_parity_removed: summary.freedParity,
    packs_later: later.packs,
    bytes_later: later.bytes,
    packs_postponed: summary.postponed.packs,
    bytes_postponed: Math.round(summary.postponed.bytes),
    ...(summary.postponed.packs > 0 && { postponed_until: new Date(summary.postponed.until).toISOString() }),
    waiting_for: sessions(waitsFor),
    taken_for_dead: sessions(decided),
    sessions_ended: summary.ended,
    bytes_to_adopt: summary.spared.bytes,
    bytes_used: Math.round(summary.usedBytes),
    bytes_unused_left: Math.round(summary.unusedBytes),
    leftovers_removed: summary.leftovers,
    ...(summary.neededBytes !== undefined && { disk_full: true, bytes_needed: summary.neededBytes }),
    ...((summary.reserveLost ?? 0) > 0 && { reserve_bytes_lost: summary.reserveLost }),
    ...(summary.isUnlisted && { unlisted: true }),
  };
}
