/** The handheld dies before and after it writes its state, and after each thing it sends; the server lives on. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Outcome } from '#handheld/activate.ts'
import { readHandheld } from '#handheld/file.ts'
import { assertOnce } from '../support/crash-checks.ts'
import { diesAt, eachPoint, manyCrashes } from '../support/crash-world.ts'
import { bin, type Postkey, startPostkey } from '../support/postkey.ts'
import { run, start } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

const persisted = ['request', 'login', 'waiting', 'm3', 'm4', 'key_current', 'held', 'policy', 'books']
const points = [
  ...persisted.flatMap((what) => [`handheld.before_persist_${what}`, `handheld.after_persist_${what}`]),
  'handheld.before_persist_complete',
  'handheld.after_send_peers',
  'handheld.after_send_mail_ask',
  // M2, M4, the server's key check, policy and books are acknowledged to the relay in turn.
  'handheld.after_send_frame_ack',
  'handheld.after_send_m3',
  'handheld.after_send_frame_ack#2',
  'handheld.after_send_key_check',
  'handheld.after_send_frame_ack#3',
  'handheld.after_send_ack',
  'handheld.after_send_frame_ack#4',
  'handheld.after_send_ack#2',
  'handheld.after_send_frame_ack#5',
]

const script = join(import.meta.dirname, '..', 'support', 'crash-handheld.ts')

test(
  'a handheld killed anywhere goes on where it stood, and nothing happens twice',
  manyCrashes,
  async (t) => {
    const postkey = await startPostkey(t)
    await eachPoint(t, points, async (s, point) => {
      const { user, directory, args } = await makeHandheld(s, postkey, point)
      await dies(args, point)
      const again = await run(process.execPath, [script, ...args], { timeoutMs: 70_000 })
      assert.equal(again.code, 0, again.stderr)
      const outcome = JSON.parse(again.stdout) as Outcome
      await assertOnce({ postkey, outcome, saved: await readHandheld(directory), user })
    })
    await t.test('killed once it has written that it is complete, it is', async (s) => {
      const point = 'handheld.after_persist_complete'
      const { user, directory, args } = await makeHandheld(s, postkey, point)
      await dies(args, point)
      const saved = await readHandheld(directory)
      assert(saved?.state.account?.complete)
      const { screen: text, device, account } = saved.state
      const outcome = { code: 0, text, shown: [], pin: device.pin, txn: account.txn } as const
      await assertOnce({ postkey, outcome, saved, user })
    })
    await t.test('killed in a terminal, the same command without a password goes on', async (s) => {
      const point = 'handheld.after_persist_m3'
      const { user, directory, passwordFile } = await makeHandheld(s, postkey, 'terminal')
      const command = ['handheld', 'activate', '--dir', directory]
      const trust = ['--trust', join(postkey.data, 'handheld.json')]
      const typed = ['--email', user, '--password-file', passwordFile]
      await diesAt(start(bin, [...command, ...trust, ...typed], withFailpoint(point)), point)
      const again = await run(bin, [...command, ...trust, '-o', 'json'], { timeoutMs: 70_000 })
      assert.equal(again.code, 0, again.stderr)
      const { code, text, pin, activation: txn, shown } = JSON.parse(again.stdout)
      const outcome = { code, text, pin, txn, shown }
      await assertOnce({ postkey, outcome, saved: await readHandheld(directory), user })
    })
  },
)

const dies = (args: readonly string[], point: string): Promise<void> =>
  diesAt(start(process.execPath, [script, ...args], withFailpoint(point)), point)

const withFailpoint = (point: string) => ({ env: { ...process.env, POSTKEY_FAILPOINT: point } })

interface Handheld {
  readonly user: string
  readonly directory: string
  readonly passwordFile: string
  /** Of the script. */
  readonly args: readonly string[]
}

async function makeHandheld(t: TestContext, postkey: Postkey, name: string): Promise<Handheld> {
  const user = `${name.replaceAll(/[^a-z0-9]/g, '-')}@example.test`
  const password = await postkey.addUser(user)
  const own = temporaryDirectory(t)
  const directory = join(own, 'handheld')
  const passwordFile = join(own, 'password')
  await writeFile(passwordFile, password)
  const args = [join(postkey.data, 'handheld.json'), directory, user, password]
  return { user, directory, passwordFile, args }
}
