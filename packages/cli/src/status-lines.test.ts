import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { StatusLines } from "./status-lines.js";

const clear = "\r\u001b[K";
const clearTwo = `${clear}\u001b[A\u001b[K`;

function create(columns = 20, isInForeground = () => true) {
  const terminal = Object.assign(new EventEmitter(), {
    columns,
    texts: [] as string[],
    write: (text: string) => terminal.texts.push(text) > 0,
  });
  return { terminal, lines: new StatusLines(terminal, isInForeground) };
}

test("StatusLines shows two lines in the place of those before, and takes both away", () => {
  const { terminal, lines } = create();
  lines.show({ line: "12%", current: "/a" });
  lines.show({ line: "13%", current: "/b" });
  lines.show({ line: "done" });
  lines.clear();
  lines.clear();
  expect(terminal.texts).toEqual([`${clear}12%\n/a`, `${clearTwo}13%\n/b`, `${clearTwo}done`, clear]);
});

test("StatusLines cuts the end of the line, and the beginning of what is at hand", () => {
  const { terminal, lines } = create(10);
  lines.show({ line: "123456789012", current: "/photos/写真/a.jpg" });
  expect(terminal.texts).toEqual([`${clear}123456789\n…真/a.jpg`]);
});

test("StatusLines draws anew for a terminal that changes its width, over the rows it was broken into", () => {
  const { terminal, lines } = create(20);
  lines.show({ line: "1234567890123456789", current: "/abcdefghij" });
  terminal.columns = 10;
  terminal.emit("resize");
  expect(terminal.texts[1]).toBe(`${clear}${"\u001b[A\u001b[K".repeat(3)}123456789\n…defghij`.replace("…d", "…cd"));
  lines.clear();
  terminal.emit("resize");
  expect(terminal.texts.length).toBe(3);
});

test("StatusLines writes nothing in the background, and begins on a new row when it comes back", () => {
  let isInForeground = true;
  const { terminal, lines } = create(20, () => isInForeground);
  lines.show({ line: "1%", current: "/a" });
  isInForeground = false;
  lines.show({ line: "2%", current: "/b" });
  lines.clear();
  terminal.emit("resize");
  isInForeground = true;
  lines.show({ line: "3%", current: "/c" });
  isInForeground = false;
  lines.clear();
  expect(terminal.texts).toEqual([`${clear}1%\n/a`, `${clear}3%\n/c`]);
});
