/** Tar archives with whatever in them. It shares no code with bcat. */

export interface TarItem {
  readonly name: string;
  /** A letter; "0" by default. */
  readonly type?: string;
  readonly content?: string;
  readonly target?: string;
  readonly mode?: number;
  /** Name of its user and of its group. */
  readonly owner?: string;
}

const BLOCK = 512;

/** Long names stand before their entry, as GNU tar has them. */
export function tarOf(items: readonly TarItem[], { end = true } = {}): Buffer {
  const parts = items.flatMap((item) => [
    ...(item.name.length > 100 ? entryOf({ name: "long", type: "L", content: `${item.name}\0` }) : []),
    ...entryOf(item),
  ]);
  return Buffer.concat([...parts, ...(end ? [Buffer.alloc(2 * BLOCK)] : [])]);
}

function entryOf({ name, type = "0", content = "", target = "", mode = 0o644, owner = "" }: TarItem): Buffer[] {
  const body = Buffer.from(content, "latin1");
  const header = Buffer.alloc(BLOCK);
  header.write(name.slice(0, 100), 0, "latin1");
  header.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, "latin1");
  header.write(`${octal(body.length, 11)}\0${octal(1_600_000_000, 11)}\0        ${type}${target}`, 124, "latin1");
  header.write("ustar\0" + "00", 257, "latin1");
  header.write(owner, 265, "latin1");
  header.write(owner, 297, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return [header, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
