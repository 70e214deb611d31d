/**
 * One source map of several, for files that are made of files: lines of the one are those of the others from some line
 * on. (A map with `sections` says the same, but Node does not read those.) In `mappings`, lines are divided by `;` and
 * segments by `,`; a segment is a column and, relative to the segment before, source, line and column there, in base 64
 * of five bits a digit, the lowest first, and in the first of them the sign.
 */
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** @param sections `{line, map}`, in the order of their first lines, which are counted from 0 */
export function joinMaps(file, sections) {
  const joined = { version: 3, file, sources: [], sourcesContent: [], names: [], mappings: "" };
  let line = 0;
  let last = [0, 0, 0];
  for (const { line: start, map } of sections) {
    const { mappings, end } = movedMappings(map.mappings, [joined.sources.length, 0, 0], last);
    joined.mappings += ";".repeat(start - line) + mappings;
    joined.sources.push(...map.sources);
    joined.sourcesContent.push(...map.sourcesContent);
    line = start + mappings.split(";").length - 1;
    last = end;
  }
  return joined;
}

/** As they are where the segment before has `last`: only the first that names a source is another. */
function movedMappings(mappings, start, last) {
  const end = start.slice();
  let isFirst = true;
  const moved = mappings.replace(/[^;,]+/g, (segment) => {
    const [column, ...place] = decode(segment);
    if (place.length === 0) return segment;
    for (let i = 0; i < end.length; i++) end[i] += place[i];
    if (!isFirst) return segment;
    isFirst = false;
    return encode([column, ...end.map((value, i) => value - last[i])]);
  });
  return { mappings: moved, end: isFirst ? last : end };
}

function decode(segment) {
  const values = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = digits.indexOf(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    values.push((value & 1) === 0 ? value >>> 1 : -(value >>> 1));
    value = shift = 0;
  }
  return values;
}

function encode(values) {
  let segment = "";
  for (const value of values) {
    let rest = value < 0 ? (-value << 1) | 1 : value << 1;
    do {
      segment += digits[(rest & 31) | (rest > 31 ? 32 : 0)];
      rest >>>= 5;
    } while (rest > 0);
  }
  return segment;
}
