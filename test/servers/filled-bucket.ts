/** Buckets with what a command has put into an empty one: a repository takes a hundred requests to make. */
import type { S3Server } from "./s3-server.js";

type Objects = S3Server["buckets"] extends ReadonlyMap<string, { readonly objects: infer Found }> ? Found : never;

export class FilledBucket {
  readonly #models = new Map<string, Objects>();

  /** Leaves the bucket of `server` as `run` does with `words`, which it is asked to do the first time only. */
  async fill(
    server: S3Server,
    words: readonly string[],
    run: (words: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    const { objects } = server.buckets.get("bucket")!;
    const model = this.#models.get(words.join(" "));
    if (model === undefined) {
      await run(words);
      this.#models.set(words.join(" "), new Map(objects));
    } else for (const [name, object] of model) objects.set(name, object);
  }
}
