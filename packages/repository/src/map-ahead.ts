/** What takes time to be had, asked for before its turn: far away, waiting for answers is all the time it takes. */

/**
 * What `map` makes of each item, in their order: while one is looked at, up to `ahead` more are on their way. A failure is
 * met when its turn comes. Who stops early leaves some on their way that nobody waits for.
 */
export async function* mapAhead<Item, Result>(
  items: readonly Item[],
  ahead: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const coming: Promise<Result>[] = [];
  for (let next = 0, given = 0; given < items.length; given++) {
    for (; next < items.length && coming.length <= ahead; next++) {
      const result = map(items[next]!);
      // Its turn comes later, or never.
      result.catch(() => {});
      coming.push(result);
    }
    yield await coming.shift()!;
  }
}
