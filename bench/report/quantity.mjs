/** Figures for people: three digits that count. */
export function formatSeconds(seconds) {
  if (seconds === undefined) return "–";
  if (seconds >= 100) return `${seconds.toFixed(0)} s`;
  return `${seconds.toFixed(seconds >= 10 ? 1 : seconds >= 1 ? 2 : 3)} s`;
}

export function formatMebibytes(bytes) {
  if (bytes === undefined) return "–";
  const size = bytes / 2 ** 20;
  return `${size >= 1_000 ? size.toLocaleString("en", { maximumFractionDigits: 0 }) : size.toFixed(size >= 10 ? 0 : 1)} MiB`;
}

export function formatCount(count) {
  return count === undefined ? "–" : Math.round(count).toLocaleString("en");
}

export function formatRatio(ratio) {
  return ratio === undefined ? "" : `${ratio.toFixed(ratio >= 10 ? 0 : ratio >= 3 ? 1 : 2)}x`;
}
