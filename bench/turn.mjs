/** The tools in the order of a round: each round begins with another one. */
export function turn(tools, round) {
  const first = round % Math.max(1, tools.length);
  return [...tools.slice(first), ...tools.slice(0, first)];
}
