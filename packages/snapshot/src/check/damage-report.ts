/** Reports damage with what needs it: of packs, and whatever else a walk through all trees has met. */
import type { ChunkIndex } from "@bcat/pack";
import { BACK_UP, type BadPack, type CheckRun, type LostChunks, type PackDamage } from "@bcat/repository";
import { showName } from "../tree/name.js";
import type { Need, TreeFindings } from "./check-trees.js";

export interface DamageParts {
  readonly run: CheckRun;
  readonly lost: LostChunks;
  /** By name. */
  readonly bad: ReadonlyMap<string, BadPack>;
  readonly index: ChunkIndex;
}

export function reportDamage(parts: DamageParts, findings: TreeFindings): void {
  const { bad, lost } = parts;
  for (const [name, need] of findings.needs) {
    if (bad.has(name)) continue;
    if (need.message !== undefined) reportNeeded(parts, { object: need.object, message: need.message }, need);
    else reportNeeded(parts, { object: name, message: condemnedMessage(name, lost.damageOf(name)) }, need);
  }
  reportPacks(parts, findings);
}

function condemnedMessage(name: string, damage: PackDamage | undefined): string {
  return `Cannot read pack "${name}": it was condemned as damaged${describeParts(damage)}`;
}

/** How much of a pack is damaged, unless it is all of it, or not known. */
function describeParts(damage: PackDamage | undefined): string {
  if (damage === undefined || damage.lost === 0 || damage.lost === damage.frames) return "";
  return `; ${damage.lost} of its ${damage.frames} parts cannot be read`;
}

/** Those that are bad, needed or not. */
function reportPacks(parts: DamageParts, { needs, isBlind }: TreeFindings): void {
  const { run, lost, bad } = parts;
  let condemned = 0;
  for (const [name, { message, isCondemned, isGone }] of bad) {
    const need = needs.get(name);
    const found = message + describeParts(lost.damageOf(name));
    if (need !== undefined) reportNeeded(parts, { object: name, message: found }, need);
    else if (isCondemned && !lost.isAskedFor(name) && (isGone || !isBlind)) condemned++;
    else run.reportDamage(name, `${found}; ${describeUnneeded(lost.isAskedFor(name), isBlind)}`);
  }
  tellCondemned(run, condemned);
}

/** @param isPartNeeded something of the pack is needed that is not damaged */
function describeUnneeded(isPartNeeded: boolean, isBlind: boolean): string {
  const needs = isBlind ? "is known to need" : "needs";
  return isPartNeeded ? `no snapshot ${needs} what is damaged, but the rest of it` : `no snapshot ${needs} it`;
}

interface Damage {
  readonly object: string | undefined;
  readonly message: string;
}

/** What is lost of a pack that no writer uses any more is stored anew. */
function reportNeeded({ run, index }: DamageParts, { object, message }: Damage, need: Need): void {
  const { paths, pathCount, snapshots } = need;
  const others = pathCount - paths.length;
  const more = others === 0 ? "" : ` and ${others} more`;
  const by = `needed by ${paths.map(showName).join(", ")}${more}`;
  const remedy = object !== undefined && index.isCondemned(object) ? { remedy: BACK_UP } : {};
  run.reportDamage(object, `${message}; ${by}`, { snapshots, paths, pathCount, ...remedy });
}

function tellCondemned(run: CheckRun, count: number): void {
  if (count === 0) return;
  const what = count === 1 ? "1 pack that was condemned is" : `${count} packs that were condemned are`;
  run.reportDetail(`${what} gone or damaged, and no snapshot needs ${count === 1 ? "it" : "them"}`, "condemned-gone");
}
