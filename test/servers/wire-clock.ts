/** A clock for connections that are not limited. */
import type { WireClock } from "@bcat/storage/wire";

export const wireClock: WireClock = {
  now: () => performance.now(),
  minuteOfDay: () => 0,
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};
