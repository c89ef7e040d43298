import type { Changed } from '../store.ts'
import type { Db } from './database.ts'

/** A port's methods as the store's own thread runs them: the same, without the promises. */
export type Sync<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never
}

/**
 * How one aggregate is kept in SQLite. Methods named in `reads` run on a read-only connection in the
 * caller's thread; all others run in the writer, each inside its own savepoint of a shared transaction.
 */
export interface Aggregate<T> {
  readonly reads: readonly (keyof T & string)[]
  /** What a call of a writing method changes; without it the method's own aggregate. */
  touches?(method: string, args: readonly unknown[]): readonly Changed[]
  make(db: Db): Sync<T>
}
