/** A mailbox to which undeliverable emails come back. */
export interface Mailbox {
  /**
   * Hands over at most `most` emails, oldest first, each cut after a few megabytes, and puts each aside of which `take` says that it is
   * done with; what `take` throws ends the reading. How many were put aside. Throws `send.temporary` when the mailbox can't be reached.
   */
  readEach(most: number, take: (bytes: Uint8Array) => Promise<boolean>, signal: AbortSignal): Promise<number>;
  /** How many emails lie in it; shows that it can be read. Throws like `readEach`. */
  count(signal: AbortSignal): Promise<number>;
}
