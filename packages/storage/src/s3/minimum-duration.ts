/**
 * Classes of storage that are charged for a minimum of time: who deletes an object earlier pays for the rest of it
 * (https://aws.amazon.com/s3/storage-classes/). What a rule of the bucket has moved into a class is charged from then on,
 * which no listing tells: it is taken from when the object was put, so it may be a little too early.
 */
const DAY_MS = 86_400_000;

const minimumDays: ReadonlyMap<string, number> = new Map([
  ["STANDARD_IA", 30],
  ["ONEZONE_IA", 30],
  ["GLACIER_IR", 90],
  ["GLACIER", 90],
  ["DEEP_ARCHIVE", 180],
]);

/**
 * Until when an object is charged for that was put into that class at that time; undefined for as long as it is there.
 * Milliseconds since 1970.
 */
export function chargedUntil(storageClass: string | undefined, putAt: number | undefined): number | undefined {
  const days = minimumDays.get(storageClass ?? "");
  if (days === undefined || putAt === undefined || Number.isNaN(putAt)) return undefined;
  return putAt + days * DAY_MS;
}
