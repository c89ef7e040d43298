/** Two readings of one page: the server's catalogue and the handheld's table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownRules } from '#handheld/rule-table.ts'
import { sortRules } from '#handheld/rules.ts'
import { defaultRules, type Rule, ruleCatalogue } from '#policy/it-policy.ts'
import { checkRuleValue, parseRuleValue, writeRuleValue } from '#policy/rule-value.ts'
import { encodeItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { policy } from './run-through.ts'

const sorted = (name: string, value: RuleValue): 'in force' | 'left out' | 'refused' => {
  const result = sortRules(new Map([[name, value]]))
  if (!result) return 'refused'
  return result.inForce.has(name) ? 'in force' : 'left out'
}

/** Values at the ends of a rule's range, and one step beyond. */
function edges(rule: Rule): { readonly good: readonly RuleValue[]; readonly beyond: readonly RuleValue[] } {
  switch (rule.type) {
    case 'bool':
      return { good: [true, false], beyond: [] }
    case 'int':
      return { good: [rule.min, rule.max], beyond: [rule.min - 1, rule.max + 1] }
    case 'text':
      return { good: ['', 'x'.repeat(rule.bytesMax)], beyond: ['x'.repeat(rule.bytesMax + 1)] }
    case 'texts':
      return rule.among
        ? { good: rule.among.map((item) => [item]), beyond: [[], ['rot13'], [...rule.among, 'rot13']] }
        : {
            good: [[], Array.from({ length: rule.countMax }, (_, i) => `item ${i}`)],
            beyond: [Array.from({ length: rule.countMax + 1 }, (_, i) => `item ${i}`)],
          }
  }
}

const samples: readonly RuleValue[] = [true, 4, 'text', Uint8Array.of(1), [1], ['text']]
const sampleOf = { bool: [0], int: [1], text: [2], texts: [5] } as const

test('the handheld knows every rule of the catalogue and no other', () => {
  assert.deepEqual([...knownRules.keys()].sort(), ruleCatalogue.map(({ name }) => name).sort())
  assert(ruleCatalogue.length >= 25 && ruleCatalogue.length <= 40)
  assert.equal(new Set(ruleCatalogue.map(({ name }) => name)).size, ruleCatalogue.length)
})

for (const rule of ruleCatalogue) {
  test(`${rule.name}: its range is taken, what lies beyond is left out, another type refuses the policy`, () => {
    const { good, beyond } = edges(rule)
    for (const value of [rule.standard, ...good]) assert.equal(sorted(rule.name, value), 'in force')
    for (const value of beyond) assert.equal(sorted(rule.name, value), 'left out')
    for (const [i, value] of samples.entries())
      if (!sampleOf[rule.type].some((own) => own === i))
        assert.equal(sorted(rule.name, value), 'refused', String(value))
  })

  test(`${rule.name}: the server publishes exactly the values that the handheld takes`, () => {
    const { good, beyond } = edges(rule)
    for (const value of [rule.standard, ...good]) assert(checkRuleValue(rule.name, value).ok, String(value))
    for (const value of [...beyond, Uint8Array.of(1)])
      assert(!checkRuleValue(rule.name, value).ok, String(value))
    const typed = parseRuleValue(rule.name, writeRuleValue(rule.standard))
    assert.deepEqual(typed, { ok: true, value: rule.standard })
  })

  test(`${rule.name}: each value is said in words, and the page says what the terminal handheld does`, () => {
    const known = knownRules.get(rule.name)
    for (const value of [rule.standard, ...edges(rule).good]) assert.notEqual(known?.means(value), '')
    assert.equal(known?.obeyed, rule.terminal !== null)
  })
}

test('all rules with their longest values fit into one policy', () => {
  const longest = ruleCatalogue.map((rule): [string, RuleValue] => [
    rule.name,
    edges(rule).good.at(-1) ?? true,
  ])
  assert(encodeItPolicy(policy({ rules: new Map(longest) })).length < 60_000)
  assert.equal(Object.keys(defaultRules).length, ruleCatalogue.length)
})
