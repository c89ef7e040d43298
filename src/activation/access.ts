/**
 * Which handhelds may activate: rules by PIN, range of PINs, model and maker, and a default. The most specific rule
 * that fits a handheld decides (docs/protocol.md, "M3 arrives").
 */
import type { Pin } from '#kernel/brand.ts'

export type AccessVerdict = 'allow' | 'deny'

/** What a rule is about. */
export type AccessSubject =
  | { readonly kind: 'pin'; readonly pin: Pin }
  /** Both ends belong to it. */
  | { readonly kind: 'range'; readonly from: Pin; readonly to: Pin }
  /** Words as `deviceWords` gives them: the maker, then the first words of the model. */
  | { readonly kind: 'model'; readonly words: string }
  /** One word. */
  | { readonly kind: 'maker'; readonly words: string }

export type AccessRule = AccessSubject & { readonly verdict: AccessVerdict }

export interface AccessList {
  /** What holds where no rule fits. */
  readonly fallback: AccessVerdict
  readonly rules: readonly AccessRule[]
}

/** `rule` null: the default decided. */
export interface AccessDecision {
  readonly verdict: AccessVerdict
  readonly rule: AccessRule | null
}

/** Lower case, one space between words: what a handheld calls itself, and what an administrator writes, compared. */
export const deviceWords = (device: string): string =>
  device
    .normalize('NFKC')
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '')
    .join(' ')

/**
 * What is certain before the proof, when only the PIN is known: a rule for the PIN or a range, or the default where
 * no maker or model could make a difference. Null: the maker and the model decide.
 */
export function decideByPin(list: AccessList, pin: Pin): AccessDecision | null {
  const rule = narrowest(list.rules.filter((one) => coversPin(one, pin)))
  if (rule) return { verdict: rule.verdict, rule }
  const others = list.rules.filter(({ kind }) => kind === 'model' || kind === 'maker')
  const certain = others.every(({ verdict }) => verdict === list.fallback)
  return certain && list.fallback === 'deny' ? { verdict: 'deny', rule: null } : null
}

/** @param device maker, a space, model: as the handheld calls itself in its proof */
export function decideAccess(list: AccessList, pin: Pin, device: string): AccessDecision {
  const words = deviceWords(device)
  const rule = narrowest(list.rules.filter((one) => coversPin(one, pin) || coversDevice(one, words)))
  return rule ? { verdict: rule.verdict, rule } : { verdict: list.fallback, rule: null }
}

/** PINs of one length in upper-case hex sort as their numbers do. */
const coversPin = (rule: AccessSubject, pin: Pin): boolean =>
  (rule.kind === 'pin' && rule.pin === pin) || (rule.kind === 'range' && rule.from <= pin && pin <= rule.to)

/** Whole words from the beginning: "acme 90" is for "Acme 90 Blue" and not for "Acme 900". */
const coversDevice = (rule: AccessSubject, words: string): boolean =>
  (rule.kind === 'model' || rule.kind === 'maker') && `${words} `.startsWith(`${rule.words} `)

const rank = { pin: 0, range: 1, model: 2, maker: 3 } as const

/** The smaller, the more specific, within one kind. */
function width(rule: AccessSubject): number {
  if (rule.kind === 'range') return Number.parseInt(rule.to, 16) - Number.parseInt(rule.from, 16)
  return rule.kind === 'model' ? -rule.words.split(' ').length : 0
}

/** Of two that overlap and are equally narrow, the one that keeps out. */
const order = (a: AccessRule, b: AccessRule): number =>
  rank[a.kind] - rank[b.kind] ||
  width(a) - width(b) ||
  Number(b.verdict === 'deny') - Number(a.verdict === 'deny')

const narrowest = (rules: readonly AccessRule[]): AccessRule | null => rules.toSorted(order)[0] ?? null

/** `PIN 2100AB3F`, `PINs 2100A000-2100AFFF`, `model "acme 90"`, `maker "acme"`, or `the default`. */
export function accessRuleWords(rule: AccessSubject | null): string {
  if (rule === null) return 'the default'
  switch (rule.kind) {
    case 'pin':
      return `PIN ${rule.pin}`
    case 'range':
      return `PINs ${rule.from}-${rule.to}`
    default:
      return `${rule.kind} "${rule.words}"`
  }
}
