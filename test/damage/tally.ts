/** Runs cases, counts what comes of them, and keeps what must not. */
import {
  agreement,
  blamed,
  checkAll,
  type DamageCase,
  judge,
  kindOf,
  restoreForReal,
  type Subject,
  type Verdict,
} from "../damage-cases.js";
import { SNAPSHOTS } from "./world.js";

/** One in so many is restored for real, is judged thoroughly, or is checked although it restores rightly. */
const SAMPLED = { real: 200, thorough: 50, right: 20 } as const;
const FAULTS_MAX = 20;

export class Tally {
  readonly verdicts: Record<Verdict["kind"], number> = { right: 0, refused: 0, silent: 0, tail: 0, broken: 0 };
  /** Refused ones in which check names the same objects as damaged, or ends with the same error. */
  readonly checked = { damage: 0, sameError: 0, wrongSecret: 0 };
  /** Right ones that were checked, and in how many of them check found the damage. */
  readonly right = { checked: 0, found: 0 };
  restoredForReal = 0;
  cases = 0;
  readonly faults: string[] = [];
  readonly #started = performance.now();
  /** Flipped bytes of packs, one of each, that no check has seen yet. */
  readonly #waiting = new Map<string, DamageCase>();

  /** @throws what is no BcatError from check or restore */
  async run(subject: Subject, damage: DamageCase): Promise<void> {
    const turn = this.cases++;
    const thorough = turn % SAMPLED.thorough === 0;
    const verdict = await judge(subject, damage, { thorough });
    this.verdicts[verdict.kind]++;
    if (verdict.kind === "silent" || verdict.kind === "broken") this.#fault(damage, verdict.wrong.join("; "));
    if (verdict.kind === "refused") await this.#checkRefused(subject, damage, verdict, thorough);
    else if (turn % SAMPLED.right === 0 && kindOf(damage.object) !== "keys") {
      this.right.checked++;
      const { findings, error } = await checkAll(subject, damage.changes());
      if (findings.length > 0 || error !== undefined) this.right.found++;
    }
    if (turn % SAMPLED.real === 0 && verdict.kind !== "tail" && kindOf(damage.object) !== "keys") {
      this.restoredForReal++;
      const selector = String(SNAPSHOTS[(turn / SAMPLED.real) % SNAPSHOTS.length]);
      const { succeeded, differences } = await restoreForReal(subject, damage, selector);
      if (verdict.kind === "right" && !succeeded)
        this.#fault(damage, `restore refuses ${selector}, reading back does not`);
      if (differences.length > 0) this.#fault(damage, `restore differs: ${differences.join("; ")}`);
    }
  }

  async #checkRefused(subject: Subject, damage: DamageCase, verdict: Verdict, thorough: boolean): Promise<void> {
    const changed = damage.changes();
    const names = verdict.failures.map((failure) => blamed(failure));
    const isSlot = kindOf(damage.object) === "keys";
    // No secret, no check: it ends as restore does. What cannot be told from a wrong passphrase blames nothing.
    if (isSlot && names.includes(undefined)) {
      this.checked.wrongSecret++;
      if (damage.way === "flipped" && !isIndistinguishable(damage))
        this.#fault(damage, "is taken for a wrong passphrase");
      return;
    }
    if (names.some((name) => name === undefined || !changed.has(name))) {
      this.#fault(damage, `blames ${names.join(", ")}: ${verdict.failures[0]!.message}`);
    }
    if (isSlot) {
      this.checked.sameError++;
      return;
    }
    if (damage.way === "flipped" && kindOf(damage.object) === "packs" && !thorough) {
      await this.#checkWithOthers(subject, damage);
      return;
    }
    const { how, unnamed } = agreement(verdict, await checkAll(subject, damage.changes()));
    if (how === "damage") this.checked.damage++;
    else {
      this.checked.sameError++;
      // Only what is read before there is a key may pass for newer.
      if (damage.object !== "config") this.#fault(damage, "check ends with the error of restore");
    }
    if (unnamed.length > 0) this.#fault(damage, `check does not name: ${unnamed.join("; ")}`);
  }

  /** Waits until the same pack comes again: then those that wait, damaged all at once, must each be named. */
  async #checkWithOthers(subject: Subject, damage: DamageCase): Promise<void> {
    if (this.#waiting.has(damage.object)) await this.finish(subject);
    this.#waiting.set(damage.object, damage);
  }

  /** Checks what waits to be checked. */
  async finish(subject: Subject): Promise<void> {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    const { findings } = await checkAll(subject, new Map(waiting.flatMap(({ changes }) => [...changes()])));
    for (const damage of waiting) {
      if (findings.some(({ object }) => object === damage.object)) this.checked.damage++;
      else this.#fault(damage, "check does not name it, among others");
    }
  }

  #fault({ object, way, detail }: DamageCase, what: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(`${object} ${way} ${detail}: ${what}`);
  }

  toString(): string {
    const format = (count: number) => count.toLocaleString("en-US");
    const { right, refused, silent, tail, broken } = this.verdicts;
    const { damage, sameError, wrongSecret } = this.checked;
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(0);
    return (
      `damage: ${format(this.cases)} cases: ${format(right)} right, ${format(refused)} refused, ${format(silent)} silent, ` +
      `${format(tail)} tail, ${format(broken)} broken; of the refused, check named the same object in ${format(damage)}, ` +
      `failed with the same error in ${format(sameError)}, and ${format(wrongSecret)} look like a wrong passphrase; ` +
      `check found ${format(this.right.found)} of ${format(this.right.checked)} that restore rightly; ` +
      `${format(this.restoredForReal)} restored for real; ${seconds} s`
    );
  }
}

/** Bytes of a key slot that only the right secret could verify: derivation and its cost, salt and commitment. */
function isIndistinguishable({ detail }: DamageCase): boolean {
  const offset = Number(/\d+/.exec(detail)?.[0]);
  return (offset >= 5 && offset <= 8) || (offset >= 32 && offset < 96);
}
