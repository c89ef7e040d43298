import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DoctorNote } from '#admin/views.ts'
import { flyCanary } from '#doctor/canary.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { parseRelayId } from '#kernel/brand.ts'
import { namespaceAccess } from '#mailbox/access.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { openInstallation } from '../admin/installation.ts'

const relayId = parseRelayId('relay.test')
assert(relayId)

test('an address that is a user’s own is left alone, and the doctor says so', async (t) => {
  const site = openInstallation()
  t.after(() => site.close())
  const { address } = await site.admin.users.add({ address: 'alice@example.test', displayName: 'Alice' })
  const notes: DoctorNote[] = []
  const canary = flyCanary(
    {
      store: site.store,
      admin: site.admin,
      clock: systemClock,
      random: systemRandom,
      version: '1',
      address,
      relay: { url: 'wss://127.0.0.1:9', relayId },
      ownRelay: true,
      mail: {
        server: makeMemoryMailServer(systemClock),
        access: namespaceAccess('user/{address}'),
        junk: 'Junk',
      },
      embedded: false,
      timeoutMs: 1_000,
      mailboxFault: () => null,
    },
    new AbortController().signal,
  )
  for await (const note of canary) notes.push(note)
  const codes = notes.map((note) => (note.kind === 'check' ? note.check.code : note.kind))
  assert.deepEqual(codes, ['doctor.canary_in_use'])
  const [alice] = await site.admin.users.list()
  assert.deepEqual([alice?.displayName, alice?.password], ['Alice', null])
})
