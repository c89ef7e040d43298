import type { Store } from '#store/store.ts'

/** Declares one test of the contract; each gets an empty store. */
export type CheckStore = (sentence: string, body: (store: Store) => Promise<void>) => void

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
