/** What a prune tells as a message; of a dry run the same fields, with what would be. */
import type { OpenSession, PruneSummary } from "@bcat/snapshot";

export function pruneMessage(summary: PruneSummary): object {
  const { condemned, left, freed, later, postponed, leftovers } = summary;
  return {
    message_type: "summary",
    packs_removed: freed.packs,
    bytes_removed: freed.bytes,
    bytes_parity_removed: summary.freedParity,
    packs_later: later.packs,
    bytes_later: later.bytes,
    packs_given_up_before: left.packs,
    bytes_given_up_before: left.bytes,
    packs_unused: condemned.dead.packs,
    bytes_unused: condemned.dead.bytes,
    packs_repacked: condemned.mixed.packs,
    bytes_repacked: condemned.mixed.bytes,
    packs_unreferenced: condemned.orphans.packs,
    bytes_unreferenced: condemned.orphans.bytes,
    bytes_to_copy: summary.toCopyBytes,
    bytes_copied: summary.copiedBytes,
    bytes_gained: summary.gainBytes,
    packs_postponed: postponed.packs,
    bytes_postponed: Math.round(postponed.bytes),
    ...(postponed.packs > 0 && { postponed_until: new Date(postponed.until).toISOString() }),
    waiting_for: summary.waitsFor.map(sessionFields),
    taken_for_dead: summary.decided.map(sessionFields),
    sessions_ended: summary.ended,
    bytes_to_adopt: summary.spared.bytes,
    bytes_used: Math.round(summary.usedBytes),
    bytes_unused_left: Math.round(summary.unusedBytes),
    leftovers_removed: leftovers.segments + leftovers.checkpoints + leftovers.parity,
    temporary_files_removed: leftovers.temporary.count,
    temporary_bytes_removed: leftovers.temporary.bytes,
    temporary_files_left: leftovers.young.count,
    temporary_bytes_left: leftovers.young.bytes,
    ...(summary.neededBytes !== undefined && { disk_full: true, bytes_needed: summary.neededBytes }),
    ...((summary.reserveLost ?? 0) > 0 && { reserve_bytes_lost: summary.reserveLost }),
    ...(summary.isUnlisted && { unlisted: true }),
  };
}

function sessionFields({ number, kind, host, silentMs }: OpenSession): object {
  return { session: number, kind, host, seconds_silent: Math.floor(silentMs / 1000) };
}
