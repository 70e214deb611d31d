/** An object that is damaged or missing. */
export interface BadObject {
  readonly name: string;
  /** What was found. */
  readonly message: string;
}
