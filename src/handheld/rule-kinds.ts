/** The kinds of rules: which values have the type, which of them are possible here, and how a value is said. */
import { utf8 } from '#kernel/bytes.ts'
import type { RuleValue } from '#protocol/it-admin.ts'

export interface KnownRule {
  /** Whether the value has the rule's type; another type refuses the whole policy. */
  readonly hasType: (value: RuleValue) => boolean
  /** Whether this handheld can follow it; what it cannot is left out and named. */
  readonly isPossible: (value: RuleValue) => boolean
  /** A possible value in plain words. */
  readonly means: (value: RuleValue) => string
  /** Its value changes what this handheld does; otherwise it is only shown. */
  readonly obeyed: boolean
}

/** A rule whose values are those `read` makes something of; null: not of this type. */
function kind<T>(
  read: (value: RuleValue) => T | null,
  isPossible: (value: T) => boolean,
  means: (value: T) => string,
): KnownRule {
  return {
    hasType: (value) => read(value) !== null,
    isPossible: (value) => {
      const typed = read(value)
      return typed !== null && isPossible(typed)
    },
    means: (value) => {
      const typed = read(value)
      return typed === null ? '' : means(typed)
    },
    obeyed: false,
  }
}

export const asFlag = (value: RuleValue): boolean | null => (typeof value === 'boolean' ? value : null)
export const asNumber = (value: RuleValue): number | null => (typeof value === 'number' ? value : null)
export const asText = (value: RuleValue): string | null => (typeof value === 'string' ? value : null)

/** The empty list is a list of either kind. */
export function asTexts(value: RuleValue): readonly string[] | null {
  if (!Array.isArray(value)) return null
  const items: readonly (string | number)[] = value
  const found = items.filter((item) => typeof item === 'string')
  return found.length === items.length ? found : null
}

export const flag = (means: (value: boolean) => string): KnownRule => kind(asFlag, () => true, means)

export const number = (min: number, max: number, means: (value: number) => string): KnownRule =>
  kind(asNumber, (value) => value >= min && value <= max, means)

export const text = (bytesMax: number, means: (value: string) => string): KnownRule =>
  kind(asText, (value) => utf8(value).length <= bytesMax, means)

/** With `among`, only lists of these texts are possible, and not the empty one: nothing would be left. */
export const texts = (
  countMax: number,
  means: (value: readonly string[]) => string,
  among?: readonly string[],
): KnownRule =>
  kind(
    asTexts,
    (list) =>
      list.length <= countMax && (!among || (list.length > 0 && list.every((item) => among.includes(item)))),
    means,
  )
