/** What is forgotten, and when: everything that nobody can ask for again, in portions. */
export interface RetentionTerms {
  /** Messages whose life ended before this (Unix ms), and the answers that went with them. */
  readonly messagesBeforeMs: number
  /** Activations that ended, if they began before this, and passwords that were closed. */
  readonly historyBeforeMs: number
  /** Most rows of each kind in this one transaction. */
  readonly limit: number
}

export interface RetentionStore {
  /**
   * Forgets one portion; returns how many rows, so that 0 means that nothing is left to forget. What is kept in
   * any case: the activation of a live handheld, and each user's newest password.
   */
  forget(terms: RetentionTerms): Promise<number>
}
