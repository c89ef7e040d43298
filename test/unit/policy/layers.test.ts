import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GivenPolicy, layersFor } from '#policy/layers.ts'

const policies = [
  { id: 3, name: 'strong', rank: 1 },
  { id: 1, name: 'weak', rank: 2 },
  { id: 2, name: 'own', rank: 3 },
  { id: 9, name: 'default', rank: null },
]
const shown = (given: readonly GivenPolicy[]) =>
  layersFor(policies, given).map(({ name, via }) => [name, via.kind === 'group' ? via.name : via.kind])

test("a user's own policy is stronger than a group's, of the groups' the rank decides, and the default is below all", () => {
  assert.deepEqual(
    shown([
      { id: 1, group: 'field' },
      { id: 2, group: null },
      { id: 3, group: 'field' },
    ]),
    [
      ['own', 'user'],
      ['strong', 'field'],
      ['weak', 'field'],
      ['default', 'default'],
    ],
  )
})

test('a policy that comes several ways counts once, where it is strongest', () => {
  assert.deepEqual(
    shown([
      { id: 1, group: 'office' },
      { id: 1, group: 'field' },
      { id: 3, group: 'office' },
      { id: 3, group: null },
    ]),
    [
      ['strong', 'user'],
      ['weak', 'field'],
      ['default', 'default'],
    ],
  )
})

test('whoever was given none has the default', () => {
  assert.deepEqual(shown([]), [['default', 'default']])
})
