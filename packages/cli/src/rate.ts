/** Limits of bytes a second as users write them: `500K`, restic's plain number, or a day such as `08:00,1M 23:00,off`. */
import type { RateSchedule, RateStep } from "@bcat/storage/wire";
import type { Options } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** Steps of a day. */
const stepsMax = 48;
const kibibyte = 1_024;
const units: Readonly<Record<string, number>> = { B: 1, K: kibibyte, M: kibibyte ** 2, G: kibibyte ** 3 };

/** The limit that the flag sets, or undefined without one. @throws {BcatError} with code "usage" */
export function rateOption(options: Options, name: string): RateSchedule | undefined {
  const text = options.text(name);
  return text === undefined ? undefined : parseRateSchedule(`--${name}`, text);
}

/** @throws {BcatError} with code "usage" that names `source`. */
export function parseRateSchedule(source: string, text: string): RateSchedule {
  const words = text.trim().split(/\s+/);
  if (words.length === 1 && !text.includes(",")) return [{ minute: 0, bytesPerSecond: parseRate(source, words[0]!) }];
  if (words.length > stepsMax) throw usageError(`Cannot use ${source}: more than ${stepsMax} times of day`);
  const steps = words.map((word) => parseStep(source, word)).sort((left, right) => left.minute - right.minute);
  const twice = steps.find(({ minute }, index) => minute === steps[index + 1]?.minute);
  if (twice !== undefined) throw usageError(`Cannot use ${source}: it gives one time of day twice`);
  return steps;
}

function parseStep(source: string, word: string): RateStep {
  const [, hours, minutes, rate] = /^([01]?\d|2[0-3]):([0-5]\d),(.+)$/.exec(word) ?? [];
  if (rate === undefined)
    throw usageError(`Cannot use ${source}: "${quoteText(word)}" is not of the form 08:00,1M or 23:00,off`);
  return { minute: Number(hours) * 60 + Number(minutes), bytesPerSecond: parseRate(source, rate) };
}

/** As restic and rclone, a number alone is KiB a second, and 0 is no limit. */
function parseRate(source: string, word: string): number | undefined {
  if (word.toLowerCase() === "off") return undefined;
  const [, digits = "", unit = "K"] = /^(\d{1,12}(?:\.\d{1,3})?)([BKMG])?$/i.exec(word) ?? [];
  const rate = Math.floor(Number(digits) * units[unit.toUpperCase()]!);
  if (digits === "" || !Number.isSafeInteger(rate) || (rate === 0 && Number(digits) !== 0))
    throw usageError(
      `Cannot use ${source}: "${quoteText(word)}" is no rate; write 500K, 1M or off (a number alone is KiB a second)`,
    );
  return rate === 0 ? undefined : rate;
}
