/** Which handhelds may not activate: the deny list, by PIN and by words of the model. */
import type { Pin } from '#kernel/brand.ts'

export type AccessRule =
  | { readonly kind: 'pin'; readonly pin: Pin }
  /** Words of a model as `modelWords` gives them: the maker alone, or maker and model. */
  | { readonly kind: 'model'; readonly words: string }

/** Lower case, one space between words: what a handheld calls itself, and what an administrator writes, compared. */
export const modelWords = (model: string): string =>
  model
    .normalize('NFKC')
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '')
    .join(' ')

/** Whole words, in their order: "Acme 90" denies "ACME 90 Blue" and not "Acme 900". */
export const deniesModel = (words: string, model: string): boolean =>
  words !== '' && ` ${modelWords(model)} `.includes(` ${words} `)
