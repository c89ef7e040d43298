import { timingSafeEqual } from 'node:crypto'

/** Equality of two MACs or other secrets; the time taken tells nothing about where they differ. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
