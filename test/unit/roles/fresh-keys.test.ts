/** A certificate that nears its end while the server runs. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { openDomainKeys } from '#edge/domain-keys.ts'
import { systemRandom } from '#edge/system.ts'
import type { Clock } from '#kernel/clock.ts'
import { silentLog } from '#kernel/log.ts'
import { keepKeysFresh } from '../../../src/roles/fresh-keys.ts'
import { openTestStore } from '../../support/store.ts'

const day = 86_400_000
const begunMs = Date.UTC(2026, 0, 5)

test('the policy signer is renewed before it ends, without a restart, under the same key and the same CA', async (t) => {
  let nowMs = begunMs
  let ring = (): void => {}
  let timers = 0
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (_, fn) => {
      ring = fn
      timers += 1
      return () => {}
    },
  }
  const store = openTestStore(t)
  const vault = {
    seal: (_: string, plain: Uint8Array) => plain,
    open: (_: string, sealed: Uint8Array) => sealed,
  }
  const env = { store, vault, clock, random: systemRandom, log: silentLog }
  const keys = await openDomainKeys({ ...env, store: store.installation }, 'Example')
  const config = { server: { organisation: 'Example' } }
  const fresh = keepKeysFresh({ ...env, keys, config } as unknown as Parameters<typeof keepKeysFresh>[0])
  t.after(() => fresh.stop())
  const untilMs = () => new X509Certificate(fresh.current().policySigner.certificatePem).validToDate.getTime()
  const first = untilMs()
  const dayLater = async (atMs: number): Promise<void> => {
    nowMs = atMs
    const before = timers
    ring()
    while (timers === before) await new Promise(setImmediate)
  }
  await dayLater(first - 61 * day)
  assert.equal(untilMs(), first)
  await dayLater(first - 59 * day)
  assert(untilMs() > first + 365 * day)
  const [before, after] = [keys, fresh.current()]
  assert.equal(after.policySigner.keyPem, before.policySigner.keyPem)
  assert.deepEqual(after.caDer, before.caDer)
  assert(new X509Certificate(after.policySignerDer).checkIssued(new X509Certificate(after.caDer)))
})
