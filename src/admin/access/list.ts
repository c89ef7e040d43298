/** The access list: which handhelds may activate. What is active already stays so. */
import {
  type AccessRule,
  type AccessSubject,
  type AccessVerdict,
  accessRuleWords,
  decideAccess,
  decideByPin,
  deviceWords,
} from '#activation/access.ts'
import { Fault } from '#kernel/fault.ts'
import type { KeptAccessRule } from '#store/access.ts'
import type { AccessCases } from '../admin.ts'
import { shortened, typedPin } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { AccessCheckView, AccessRuleView } from './list-views.ts'

/** As long as the name a handheld may give itself. */
const deviceLengthMax = 64

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log'>

export function accessCases(parts: Parts): AccessCases {
  const { store, log } = parts
  return {
    deny: (what) => put(parts, what, 'deny'),
    allow: (what) => put(parts, what, 'allow'),
    remove: async (what) => {
      const subject = subjectOf(what)
      const kept = await store.access.remove(subject)
      if (!kept) throw new Fault('access.unknown', accessRuleWords(subject))
      log.info({ rule: accessRuleWords(subject) }, 'a rule of the access list was removed')
      return view(kept)
    },
    setDefault: async (verdict) => {
      await store.access.setFallback(verdict, parts.clock.nowMs())
      log.info({ rule: accessRuleWords(null), verdict }, 'the access list was changed')
      return verdict
    },
    list: async () => ({
      fallback: await store.access.fallback(),
      rules: (await store.access.list()).map(view),
    }),
    check: (pin, device) => check(parts, pin, device),
  }
}

async function put(
  { store, clock, log }: Parts,
  what: string,
  verdict: AccessVerdict,
): Promise<AccessRuleView> {
  const rule: AccessRule = { ...subjectOf(what), verdict }
  const kept = await store.access.put(rule, what.trim(), clock.nowMs())
  log.info({ rule: accessRuleWords(rule), verdict }, 'the access list was changed')
  return view(kept)
}

async function check({ store }: Parts, typed: string, device = ''): Promise<AccessCheckView> {
  const pin = typedPin(typed)
  if (!pin) throw new Fault('admin.usage', `a PIN has eight hex digits: ${shortened(typed)}`)
  const list = await store.access.concerning(pin)
  const byPin = decideByPin(list, pin)
  const { verdict, rule } = byPin ?? decideAccess(list, pin, device)
  const isKnown = byPin !== null || deviceWords(device) !== '' || list.rules.length === 0
  return {
    pin,
    device: device.trim() || null,
    verdict,
    rule: accessRuleWords(rule),
    when: byPin ? 'before_proof' : 'after_proof',
    dependsOnDevice: !isKnown,
  }
}

/**
 * Eight hex digits are a PIN, two of them with a hyphen between a range, one word is a maker, several are a maker and
 * the first words of its model. @throws Fault admin.usage
 */
function subjectOf(what: string): AccessSubject {
  const range = rangeOf(what)
  if (range) return range
  const pin = typedPin(what)
  if (pin) return { kind: 'pin', pin }
  const words = deviceWords(what)
  if (words === '' || words.length > deviceLengthMax)
    throw new Fault(
      'admin.usage',
      `a PIN, a range of PINs, or 1 to ${deviceLengthMax} characters of maker and model`,
    )
  return { kind: words.includes(' ') ? 'model' : 'maker', words }
}

/** Null where it has not the form of one. */
function rangeOf(what: string): AccessSubject | null {
  const [, first, last] = /^\s*([0-9A-Fa-f]{8})\s*(?:-|\.\.)\s*([0-9A-Fa-f]{8})\s*$/.exec(what) ?? []
  const [from, to] = [typedPin(first ?? ''), typedPin(last ?? '')]
  if (!from || !to) return null
  if (from > to) throw new Fault('admin.usage', `a range begins with its lower PIN: ${to}-${from}`)
  return { kind: 'range', from, to }
}

const view = ({ rule, shown, createdAtMs }: KeptAccessRule): AccessRuleView => ({
  kind: rule.kind,
  value: shownValue(rule, shown),
  verdict: rule.verdict,
  createdAtMs,
})

function shownValue(rule: AccessRule, shown: string): string {
  if (rule.kind === 'pin') return rule.pin
  return rule.kind === 'range' ? `${rule.from}-${rule.to}` : shown
}
