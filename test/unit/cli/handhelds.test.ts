import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Pin } from '#kernel/brand.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { startMs } from '../admin/installation.ts'
import { type Console, openConsole } from './console.ts'

const pin = '2100AB3F' as Pin
const otherPin = '2100AB40' as Pin

let site: Console

beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const show = async (which: Pin): Promise<string> => (await site.run(['handheld', 'show', which])).out

test('a replaced handheld names the one that took its place', async () => {
  const perUserMax = 1
  for (const [i, which] of [pin, otherPin].entries())
    await addHandheld(site.store, startMs + i, which, undefined, undefined, perUserMax)
  assert.match(
    await show(pin),
    /state +replaced by 2100AB40; nothing sent from here reaches it, and\s+nothing was/,
  )
  assert.match(await show(otherPin), /state +active\n/)
  assert.match(
    (await site.run(['handheld', 'list'])).out,
    /2100AB3F +hana@example.test +replaced by 2100AB40 /,
  )
})
