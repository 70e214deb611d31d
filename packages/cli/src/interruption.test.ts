import { expect, test, vi } from "vitest";
import { Interruption } from "./interruption.js";

// In the end the process would end by the signal.

test("the second signal says one line before it ends the process: what the command has to say once it was told of the first", () => {
  vi.useFakeTimers();
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);
  try {
    const said: string[] = [];
    const interrupt = (isWorthwhile: boolean) => {
      using interruption = new Interruption(true);
      interruption.onSecond = (line) => said.push(line);
      const { stop } = interruption;
      stop.defer(
        () => isWorthwhile,
        () => said.push("told"),
        "what is kept",
      );
      interruption.interrupt("SIGINT");
      expect(interruption.signal.aborted).toBe(!isWorthwhile);
      expect(kill).not.toHaveBeenCalled();
      interruption.interrupt("SIGINT");
      expect(kill).toHaveBeenCalledWith(process.pid, "SIGINT");
      kill.mockClear();
    };
    interrupt(true);
    interrupt(false);
    expect(said).toEqual(["told", "what is kept", "ended at once"]);
  } finally {
    kill.mockRestore();
    vi.useRealTimers();
  }
});

test("a hang-up is ignored where there is no terminal, as under nohup", () => {
  vi.useFakeTimers();
  try {
    const listening = process.listenerCount("SIGHUP");
    for (const isAtTerminal of [true, false]) {
      {
        using interruption = new Interruption(isAtTerminal);
        process.listeners("SIGHUP").at(-1)!("SIGHUP");
        expect(interruption.signal.aborted).toBe(isAtTerminal);
      }
      expect(process.listenerCount("SIGHUP")).toBe(listening);
    }
  } finally {
    vi.useRealTimers();
  }
});
