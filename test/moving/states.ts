/** Whether the content of a file that mutator.mjs has changed is one that the file really had. */

const LINE = 64;

interface Line {
  readonly version: number;
  readonly index: number;
}

/** What is wrong with the content of a file of this name; undefined for a state that it had. */
export function findTear(name: string, content: Uint8Array): string | undefined {
  if (content.length % LINE !== 0) return `${content.length} bytes are no lines`;
  const lines: Line[] = [];
  const text = Buffer.from(content).toString("latin1");
  for (let at = 0; at < text.length; at += LINE) {
    const found = /^(\d+) (\d+) *\n$/.exec(text.slice(at, at + LINE));
    if (found === null) return `line ${at / LINE} is none`;
    lines.push({ version: Number(found[1]), index: Number(found[2]) });
  }
  const strange = lines.findIndex(({ index }, i) => index !== i);
  if (strange >= 0) return `line ${strange} is that of another place`;
  // What is written from its beginning to its end is new in front and old behind.
  const kind = name.slice(0, name.indexOf("-"));
  const isOverwritten = kind === "whole" || kind === "pieces";
  const steps = lines.flatMap(({ version }, i) => (i > 0 && version !== lines[i - 1]!.version ? [i] : []));
  if (steps.length === 0) return undefined;
  const [step = 0] = steps;
  const isPrefix = steps.length === 1 && lines[step - 1]!.version === lines[step]!.version + 1;
  return isOverwritten && isPrefix ? undefined : `versions change at lines ${steps.slice(0, 5).join(", ")}`;
}
