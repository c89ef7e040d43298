/** A server without file descriptors: it turns the next ones away, says so, and goes on when there are some again. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { RawSmtp } from '../contract/smtp-raw.ts'
import { eventually } from '../support/e2e-world.ts'
import { activate, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'

const timeout = 170_000
const address = 'alice@example.test'
/** More than the spare room the server keeps an eye on, fewer than one address may have of connections. */
const roomFor = 12
const skip = process.platform === 'linux' ? false : 'prlimit is of Linux'

test('without file descriptors new connections are refused, those there are go on, and later all is well', {
  skip,
  timeout,
}, async (t) => {
  const postkey = await startPostkey(t)
  const password = await postkey.addUser(address)
  const { pid } = postkey.process
  await limitTo(pid, readdirSync(`/proc/${pid}/fd`).length + roomFor)
  const connections = await connectUntilRefused(t, postkey)

  await t.test('a connection that was there before is served', async () => {
    const first = connections[0]
    assert(first)
    await first.upToData(address)
    assert.match(await first.say('Subject: kept\r\n\r\nkept\r\n.'), /^250 /)
  })

  await t.test('log and status say so with a code', async () => {
    await eventually(async () => postkey.log().includes('"code":"process.descriptors"'), 'the log says so')
    for (const one of connections.splice(-3)) one.close()
    await eventually(async () => {
      const { stdout } = await postkey.cli('status')
      return /BROKEN +descriptors[\s\S]*code +process\.descriptors/.test(stdout)
    }, 'status says so')
  })

  await t.test('with room again it serves as before', async () => {
    for (const one of connections) one.close()
    await limitTo(pid, 4_096)
    await eventually(
      async () => postkey.log().includes('there are file descriptors again'),
      'the log says so',
    )
    assert.deepEqual(screensOf(await activate(postkey, address, password)), goodScreens(address))
    assert.doesNotMatch((await postkey.cli('status')).stdout, /process\.descriptors/)
  })
})

/** The soft limit, which counts; the hard one stays, so that it may be raised again. */
async function limitTo(pid: number, descriptors: number): Promise<void> {
  const { code, stderr } = await run('prlimit', [`--nofile=${descriptors}:`, '--pid', String(pid)])
  assert.equal(code, 0, stderr)
}

/** Those that were greeted; the next one was closed without a word. */
async function connectUntilRefused(t: TestContext, postkey: Postkey): Promise<RawSmtp[]> {
  const greeted: RawSmtp[] = []
  t.after(() => {
    for (const one of greeted) one.close()
  })
  for (let i = 0; i < 4 * roomFor; i += 1) {
    const one = await RawSmtp.connect(postkey.ports.smtp).catch(() => null)
    // RawSmtp takes the greeting; whether there was one shows in whether the next command is answered.
    if (!one || !(await one.say('NOOP')).startsWith('250')) return greeted
    greeted.push(one)
  }
  throw new Error('nobody was refused')
}
