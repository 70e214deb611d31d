/** The value in the middle, or the mean of the two there; undefined of none, or when one is missing. */
export function median(values) {
  if (values.length === 0 || values.some((value) => value === undefined)) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many times `own` the `other` takes: above 1 the other is slower, or larger. Undefined when one is missing. */
export function ratio(own, other) {
  return own === undefined || other === undefined || own === 0 ? undefined : other / own;
}
