import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOwnCertificates } from '#doctor/machine.ts'
import { openDomainKeys } from '#edge/domain-keys.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { ownCertificates } from '../../../src/roles/own-certificates.ts'
import { openTestStore } from '../../support/store.ts'

test('a CA that keeps the name of the first start says so where the organisation is called otherwise now', async (t) => {
  const vault = {
    seal: (_: string, plain: Uint8Array) => plain,
    open: (_: string, sealed: Uint8Array) => sealed,
  }
  const env = { store: openTestStore(t).installation, vault, clock: systemClock, random: systemRandom }
  const keys = await openDomainKeys(env, 'Müller, Söhne & Co.')
  const looked = (organisation: string) => {
    const config = { server: { organisation } }
    return ownCertificates({ keys, config } as Parameters<typeof ownCertificates>[0])
  }
  assert.deepEqual(
    looked('Müller, Söhne & Co.').map(({ remark }) => remark),
    [null, null],
  )
  const renamed = looked('Acme')
  const says = /The CA keeps the name of the first start, "Müller, Söhne & Co\."; .* is "Acme" now/
  assert.match(String(renamed[0]?.remark), says)
  const check = checkOwnCertificates(renamed, Date.now())
  assert.equal(check.health, 'ok')
  assert.match(check.says, says)
})
