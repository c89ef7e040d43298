/** A database that is damaged is not served; the backup that is put in its place is. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { decodeErrorMessage } from '#protocol/exchange.ts'
import { decodePayload } from '#protocol/payload.ts'
import { connectAs } from '../support/e2e-device.ts'
import { type KeptHandheld, sameHandheld } from '../support/e2e-handheld.ts'
import { eventually } from '../support/e2e-world.ts'
import { activate, bin, type Postkey, restartPostkey, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'
import { damages, putBack, settle } from './damage.ts'

const timeout = 170_000
const alice = 'alice@example.test'
const carol = 'carol@example.test'

test('a damaged database is refused with its code, and its backup takes its place', {
  timeout,
}, async (t) => {
  const first = await startPostkey(t)
  const handhelds = { alice: sameHandheld(), carol: sameHandheld() }
  for (const [user, storage] of [
    [alice, handhelds.alice],
    [carol, handhelds.carol],
  ] as const)
    await complete(first, user, await first.addUser(user), storage)
  const backup = join(temporaryDirectory(t), 'backup.db')
  assert.equal((await first.cli('db', 'backup', backup)).code, 0)
  // After the backup alice activates the same handheld again: the backup knows nothing of its new key.
  const admin = await first.admin()
  const again = await admin.passwords.generate(alice)
  await admin.close()
  await complete(first, alice, again.password ?? '', handhelds.alice)
  await first.stop()
  settle(first.data)

  for (const [name, spoil] of Object.entries(damages))
    await t.test(`with ${name}`, async (t) => {
      const data = await copyOf(t, first.data)
      spoil(data)
      await assertRefused(data, ['serve'])
    })

  await t.test('the backup in its place goes on where it was', (t) => goesOn(t, first, backup, handhelds))
})

async function complete(
  postkey: Postkey,
  user: string,
  password: string,
  storage: KeptHandheld,
): Promise<void> {
  const outcome = await activate(postkey, user, password, { storage, onAsk: async () => true })
  assert.equal(outcome.text, 'Activation Complete')
}

/** The commands end with 1, the code and the way out. */
async function assertRefused(data: string, ...commands: readonly (readonly string[])[]): Promise<void> {
  const args = [`server.data_dir=${data}`, 'smtp.port=0', 'imap_server.port=0', 'relay.port=0']
  const settings = args.flatMap((value) => ['--set', value])
  for (const command of commands) {
    const { code, stderr, stdout } = await run(bin, [...settings, ...command], {
      cwd: data,
      timeoutMs: 60_000,
    })
    assert.equal(code, 1, `${command}: ${stdout}${stderr}`)
    assert.match(stderr, /docs\/how-to\/backup\.md[\s\S]*code +store\.(damaged|empty)/)
  }
}

async function goesOn(
  t: TestContext,
  first: Postkey,
  backup: string,
  handhelds: { readonly alice: KeptHandheld; readonly carol: KeptHandheld },
): Promise<void> {
  const { data } = first
  damages['bytes flipped in the page of a table']?.(data)
  await assertRefused(data, ['serve'], ['db', 'verify'])
  const aside = join(data, 'before-restore')
  mkdirSync(aside)
  for (const name of readdirSync(data).filter((one) => one.startsWith('postkey.db')))
    renameSync(join(data, name), join(aside, name))
  putBack(data, backup)
  const second = await restartPostkey(t, first)
  assert.equal((await second.cli('db', 'verify')).code, 0)

  await t.test('a handheld the backup knows is heard and answered', async (t) => {
    const device = await connectAs(t, second, handhelds.carol.newest())
    await device.settle()
  })

  await t.test('one whose key is newer than the backup is told E19', async (t) => {
    const device = await connectAs(t, second, handhelds.alice.newest())
    await device.send(device.seal().payload)
    const told = () =>
      device.delivered.map(({ payload }) => {
        const read = decodePayload(payload)
        const error = read.ok && read.value.kind === 'error' ? decodeErrorMessage(read.value.bytes) : null
        return error?.ok ? error.value.code : null
      })
    await eventually(async () => told().includes(19), 'E19 was told')
  })
}

async function copyOf(t: TestContext, from: string): Promise<string> {
  const data = join(temporaryDirectory(t), 'data')
  await mkdir(data)
  await cp(from, data, { recursive: true, filter: (path) => !path.endsWith('.sock') })
  return data
}
