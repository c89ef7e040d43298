/** Keys and certificates as a person looks them up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { startMs } from '../admin/installation.ts'
import { openConsole } from './console.ts'

test('an algorithm that is configured, and not before all others, is not called one that is not', async () => {
  for (const [suites, remark] of [
    [[1, 2], / AES {2,}/],
    [[2, 1], / AES \(not the first choice\)/],
    [[2], / AES \(not the configured one\)/],
  ] as const) {
    const site = openConsole({ suites })
    await addHandheld(site.store, startMs)
    assert.match((await site.run(['keys', 'list'])).out, remark)
    await site.close()
  }
})

test('what there is to say of a certificate stands beside the table', async () => {
  const view = { what: 'CA', subject: 'O=Old', sinceMs: 0, untilMs: 9e12, renewedFromMs: 8e12 }
  const site = openConsole({ certificates: () => [{ ...view, remark: 'The CA keeps its name.' }] })
  const { out, err } = await site.run(['keys', 'certificates'])
  assert.match(out, /O=Old/)
  assert.equal(err, 'The CA keeps its name.\n')
  await site.close()
})
