/** Where artifacts, messages and archives lie. Keys are relative, with `/` between parts; nothing outside the bucket can be named. */
export interface Bucket {
  readonly name: string;
  /** Writes all or nothing: a reader never sees half an object. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** `null` where there is none. */
  get(key: string): Promise<Uint8Array | null>;
  /** True when there was one. */
  remove(key: string): Promise<boolean>;
  /** Keys below a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
}
