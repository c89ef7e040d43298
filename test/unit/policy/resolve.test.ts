import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultRules, ruleCatalogue } from '#policy/it-policy.ts'
import { differences, effectiveRules, resolve } from '#policy/resolve.ts'
import { checkRuleValue, parseRuleValue, rangeOf, writeRuleValue } from '#policy/rule-value.ts'

const layer = (name: string, rules: Record<string, boolean | number | string>) => ({ name, rules })

test('the strongest policy that says something of a rule decides, and says where it comes from', () => {
  const strong = layer('strong', { allow_browser: false })
  const weak = layer('weak', { allow_browser: true, password_min_length: 9 })
  const effective = resolve([strong, weak])
  assert.deepEqual(effective.get('allow_browser'), { value: false, from: strong })
  assert.deepEqual(effective.get('password_min_length'), { value: 9, from: weak })
  assert.deepEqual(effective.get('owner_text'), { value: '', from: null })
  assert.equal(effective.size, ruleCatalogue.length)
})

test('a value that is false, 0 or empty is said all the same', () => {
  const rules = effectiveRules([
    layer('a', { inactivity_lock_minutes: 0, owner_text: '', password_required: false }),
    layer('b', { inactivity_lock_minutes: 5, owner_text: 'B', password_required: true }),
  ])
  assert.deepEqual([rules.inactivity_lock_minutes, rules.owner_text, rules.password_required], [0, '', false])
})

test('rules the catalogue does not know reach nobody', () => {
  assert.deepEqual(effectiveRules([layer('old', { long_gone: true })]), defaultRules)
})

test('differences name each rule that changed, on either side', () => {
  const before = { allow_browser: true, owner_text: 'A', sync_databases_allowed: ['calendar'] }
  const after = { allow_browser: true, password_min_length: 6, sync_databases_allowed: ['calendar'] }
  assert.deepEqual(
    differences(before, after).toSorted((one, other) => one.rule.localeCompare(other.rule)),
    [
      { rule: 'owner_text', before: 'A' },
      { rule: 'password_min_length', after: 6 },
    ],
  )
})

for (const rule of ruleCatalogue)
  test(`${rule.name} takes its default as people would type it, and nothing beyond its range`, () => {
    const typed = parseRuleValue(rule.name, writeRuleValue(rule.standard))
    assert.deepEqual(typed, { ok: true, value: rule.standard })
    assert(rangeOf(rule).length > 5)
    const beyond: readonly unknown[] =
      rule.type === 'int'
        ? [rule.min - 1, rule.max + 1, 1.5, Number.NaN, '4', true]
        : rule.type === 'bool'
          ? [0, 1, 'true', null]
          : rule.type === 'text'
            ? ['x'.repeat(rule.bytesMax + 1), 5, null]
            : [Array.from({ length: rule.countMax + 1 }, () => 'x'), [''], [5], 'x', null]
    for (const value of beyond) assert.equal(checkRuleValue(rule.name, value).ok, false, String(value))
  })

test('what no rule is called is refused with its name cut short, whatever it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, typed) => {
      const read = parseRuleValue(name, typed)
      if (ruleCatalogue.some((rule) => rule.name === name)) return
      assert.equal(read.ok, false)
      if (!read.ok) assert(read.why === 'unknown' && read.says.length < 100)
    }),
  )
})
