/** What is forgotten, and when: everything that nobody can ask for again, in portions. */
export interface RetentionTerms {
  /** Messages whose life ended before this (Unix ms), and the answers that went with them. */
  readonly messagesBeforeMs: number
  /** Activations that ended, if they began before this, passwords that were closed, and ended items of the queue. */
  readonly historyBeforeMs: number
  /** Most rows of each kind in this one transaction. */
  readonly limit: number
}

export interface RetentionStore {
  /**
   * Forgets one portion; returns how many rows, so that 0 means that nothing is left to forget. What is kept in
   * any case: the activation of a live handheld, each user's newest password, and of each handheld the newest item of
   * every kind, with the newest that was carried out.
   */
  forget(terms: RetentionTerms): Promise<number>
}
