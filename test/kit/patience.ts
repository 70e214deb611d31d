/**
 * How many times slower this machine is now than an idle one of two cores. No test asserts on time; limits are only
 * there to end what hangs, and are multiplied with this. `BCAT_TEST_PATIENCE` sets it where the measure is too small,
 * because the machine becomes busy later.
 */

/** What {@link work} takes on an idle core, milliseconds; the measure of 1. */
const IDLE_MS = 50;

const given = process.env.BCAT_TEST_PATIENCE;

/** A whole number, so that limits stay whole milliseconds; at least 1. Processes and workers that tests start inherit it and measure no more. */
export const patience = given === undefined ? measure() : Math.max(1, Math.ceil(Number(given)));

process.env.BCAT_TEST_PATIENCE = String(patience);

function measure(): number {
  const started = performance.now();
  work();
  return Math.max(1, Math.ceil((performance.now() - started) / IDLE_MS));
}

/** Long enough that the scheduler lets others run in between. */
function work(): number {
  let sum = 0;
  for (let i = 0; i < 40_000_000; i++) sum = (sum + i * 17) | 0;
  return sum;
}
