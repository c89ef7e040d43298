/** The deny list: handhelds that may not activate. What is active already stays so. */
import { type AccessRule, modelWords } from '#activation/access.ts'
import { Fault } from '#kernel/fault.ts'
import type { KeptAccessRule } from '#store/access.ts'
import type { AccessCases } from './admin.ts'
import { shortened, typedPin } from './lookup.ts'
import type { AdminParts } from './ports.ts'
import type { AccessRuleView } from './views.ts'

/** As long as the name a handheld may give its model. */
const modelLengthMax = 64

export function accessCases({ store, clock, log }: Pick<AdminParts, 'store' | 'clock' | 'log'>): AccessCases {
  return {
    deny: async (what) => {
      const rule = ruleOf(what)
      const kept = await store.access.deny(rule, what.trim(), clock.nowMs())
      log.info({ ...rule }, 'a handheld was put on the deny list')
      return view(kept)
    },
    allow: async (what) => {
      const rule = ruleOf(what)
      const kept = await store.access.allow(rule)
      if (!kept) throw new Fault('access.unknown', shortened(what))
      log.info({ ...rule }, 'a handheld was taken off the deny list')
      return view(kept)
    },
    list: async () => (await store.access.list()).map(view),
  }
}

/** Eight hex digits are a PIN, whatever else is words of a model. @throws Fault admin.usage */
function ruleOf(what: string): AccessRule {
  const pin = typedPin(what)
  if (pin) return { kind: 'pin', pin }
  const words = modelWords(what)
  if (words === '' || words.length > modelLengthMax)
    throw new Fault('admin.usage', `a PIN, or 1 to ${modelLengthMax} characters of a model's name`)
  return { kind: 'model', words }
}

const view = ({ rule, shown, createdAtMs }: KeptAccessRule): AccessRuleView => ({
  kind: rule.kind,
  value: rule.kind === 'pin' ? rule.pin : shown,
  createdAtMs,
})
