/**
 * Days of the proleptic Gregorian calendar without a clock: numbers of days since 1970-01-01 to years, months and days,
 * and back (H. Hinnant, chrono-compatible low-level date algorithms, 2013).
 */

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

const ERA_DAYS = 146_097;
const ERA_YEARS = 400;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_SHIFT = 719_468;

export function dateOfDays(days: number): CivilDate {
  const shifted = days + EPOCH_SHIFT;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  return { year: yearOfEra + era * ERA_YEARS + (month <= 2 ? 1 : 0), month, day };
}

/** Months and days beyond their range count on: month 0 is December of the year before, 31 September is 1 October. */
export function daysOfDate({ year, month, day }: CivilDate): number {
  const monthsFromZero = year * 12 + month - 1;
  const wholeYear = Math.floor(monthsFromZero / 12);
  const wholeMonth = monthsFromZero - wholeYear * 12 + 1;
  const shifted = wholeMonth <= 2 ? wholeYear - 1 : wholeYear;
  const era = Math.floor(shifted / ERA_YEARS);
  const yearOfEra = shifted - era * ERA_YEARS;
  const fromMarch = wholeMonth > 2 ? wholeMonth - 3 : wholeMonth + 9;
  const dayOfYear = Math.floor((153 * fromMarch + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_SHIFT + day - 1;
}

/** Year and number of the week of ISO 8601 that a day lies in: weeks begin on Monday, week 1 has the first Thursday. */
export function isoWeekOfDays(days: number): { readonly year: number; readonly week: number } {
  // 1970-01-01 was a Thursday.
  const thursday = days - ((((days + 3) % 7) + 7) % 7) + 3;
  const { year } = dateOfDays(thursday);
  const week = Math.floor((thursday - daysOfDate({ year, month: 1, day: 1 })) / 7) + 1;
  return { year, week };
}
