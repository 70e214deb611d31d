/** Calls `tick` every so many ms, which keeps no process alive, until what it returns is called. */
export function every(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms).unref();
  return () => clearInterval(timer);
}
