/** @throws {RangeError} when a window of `capacity` bytes does not have `length` of them. */
export function checkWindowLength(length: number, capacity: number): void {
  if (Number.isInteger(length) && length >= 0 && length <= capacity) return;
  throw new RangeError(`Cannot cut the window: found length ${length}, allowed are 0 to ${capacity}`);
}
