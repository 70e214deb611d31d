/** Which packs a prune gives up: those of which nothing is used, and of the others those most of which is not. */

/** How much may be left unused: bytes, a share of all that is left, or anything. */
export type UnusedLimit = { readonly bytes: number } | { readonly share: number } | "unlimited";

export interface PackChoiceOptions {
  readonly maxUnused: UnusedLimit;
  /** Bytes of packs, at most, whose live chunks are copied. */
  readonly maxRepackSize?: number | undefined;
}

/** What is known of the packs, by number. Bytes of objects as they are stored. */
export interface PackUse {
  readonly sizes: Float64Array;
  /** 0 to 1. */
  readonly usedShares: Float64Array;
  /** 1 for those that are no longer to be chosen among. */
  readonly excluded: Uint8Array;
  /** 1 for those that are charged for as long as if they stayed: they stay. */
  readonly charged: Uint8Array;
}

export interface PackChoice {
  /** Nothing of them is used. */
  readonly dead: number[];
  /** What is used of them is to be copied. */
  readonly mixed: number[];
  /** Would be one of these, and is charged for. */
  readonly postponed: number[];
  /** Bytes that stay unused in the packs that are left. */
  readonly unusedLeft: number;
}

/** As restic means `--max-unused` and `--max-repack-size`: the packs of which least is used go first. */
export function choosePacks(use: PackUse, options: PackChoiceOptions): PackChoice {
  const { sizes, usedShares, excluded, charged } = use;
  const dead: number[] = [];
  const postponed: number[] = [];
  const partly: number[] = [];
  let used = 0;
  let unused = 0;
  for (let pack = 0; pack < sizes.length; pack++) {
    if (excluded[pack] === 1) continue;
    const share = usedShares[pack]!;
    used += sizes[pack]! * share;
    if (share === 0) (charged[pack] === 1 ? postponed : dead).push(pack);
    else if (share < 1) {
      partly.push(pack);
      unused += unusedOf(use, pack);
    }
  }
  partly.sort((a, b) => usedShares[a]! - usedShares[b]! || sizes[b]! - sizes[a]!);
  const unusedMax = unusedBytes(options.maxUnused, used);
  const mixed: number[] = [];
  let repacked = 0;
  for (const pack of partly) {
    if (unused <= unusedMax) break;
    if (charged[pack] === 1) {
      postponed.push(pack);
      continue;
    }
    repacked += sizes[pack]!;
    if (repacked > (options.maxRepackSize ?? Number.POSITIVE_INFINITY)) break;
    mixed.push(pack);
    unused -= unusedOf(use, pack);
  }
  return { dead, mixed, postponed, unusedLeft: unused };
}

function unusedOf({ sizes, usedShares }: PackUse, pack: number): number {
  return sizes[pack]! * (1 - usedShares[pack]!);
}

function unusedBytes(limit: UnusedLimit, used: number): number {
  if (limit === "unlimited") return Number.POSITIVE_INFINITY;
  if ("bytes" in limit) return limit.bytes;
  return limit.share >= 1 ? Number.POSITIVE_INFINITY : (used * limit.share) / (1 - limit.share);
}
