// The promise under every faster way: what nothing has told of is found within the scan interval.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFound, scanOnly } from '../support/each-watch.ts'
import { activate, goodScreens, screensOf, startPostkey } from '../support/postkey.ts'

test('several users at once activate by interval scan alone', async (t) => {
  const users = ['alice', 'bob', 'carol', 'dave'].map((name) => `${name}@example.test`)
  const postkey = await startPostkey(t, { set: scanOnly.set })
  const passwords = await Promise.all(users.map(postkey.addUser))
  const outcomes = await Promise.all(users.map((user, i) => activate(postkey, user, passwords[i] ?? '')))
  for (const [i, user] of users.entries()) {
    const outcome = outcomes[i]
    assert(outcome)
    assert.deepEqual(screensOf(outcome), goodScreens(user))
    await assertFound(postkey, user, scanOnly)
  }
  assert.equal(new Set(outcomes.map(({ pin }) => pin)).size, users.length)
})
