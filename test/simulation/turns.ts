/**
 * Runs what waits for the processor alone, at once: continuations of promises, and what was put off by `setImmediate`, in
 * the order in which it was. A turn of Node's own loop for each event costs more than most events do.
 */
import { setFlagsFromString } from "node:v8";

type Task = () => void;

/** Tasks that one event may put off one after another: a few do, and beyond that somebody goes round for ever. */
const TURNS_MAX = 10_000;

const setRealImmediate = globalThis.setImmediate;
let putOff: Task[] = [];

globalThis.setImmediate = Object.assign((task: Task) => void putOff.push(task), {
  __promisify__: undefined,
}) as unknown as typeof setImmediate;

const runMicrotasks = nativeFunction("PerformMicrotaskCheckpoint");

/** Calls `act` where microtasks can be run: outside of all of them. */
export function inOwnTurn<T>(act: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setRealImmediate(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Until nothing is left to do; false when that never is. To be called within {@link inOwnTurn}. */
export function runTurns(): boolean {
  runMicrotasks();
  for (let turns = 0; putOff.length > 0; ) {
    const tasks = putOff;
    putOff = [];
    turns += tasks.length;
    if (turns > TURNS_MAX) return false;
    for (const task of tasks) {
      task();
      runMicrotasks();
    }
  }
  return true;
}

function nativeFunction(name: string): Task {
  setFlagsFromString("--allow-natives-syntax");
  const native = new Function(`%${name}()`) as Task;
  // It is compiled at its first call.
  native();
  setFlagsFromString("--no-allow-natives-syntax");
  return native;
}
