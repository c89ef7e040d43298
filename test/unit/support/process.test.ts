import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { freePorts, greeting, isTaken, PortTaken, withFreePorts } from '../../support/ports.ts'
import { run, start } from '../../support/process.ts'

const node = process.execPath
const stays = 'setInterval(() => undefined, 60_000)'

test('a started program is known by a line of its output and stopped by its pid', async () => {
  const started = start(node, ['-e', `console.log('ready on 7'); ${stays}`])
  assert.equal(await started.waitFor(/ready on \d/), 'ready on 7')
  assert.deepEqual(await started.stop(), { code: null, signal: 'SIGTERM' })
  assert.throws(() => process.kill(started.pid, 0), { code: 'ESRCH' })
})

test('a program that ignores SIGTERM is killed after its grace', async () => {
  const started = start(node, ['-e', `process.on('SIGTERM', () => undefined); console.log('up'); ${stays}`])
  await started.waitFor(/up/)
  assert.deepEqual(await started.stop(50), { code: null, signal: 'SIGKILL' })
})

test('waiting for a line ends when the program ends or time is up, and shows what it said instead', async () => {
  const ended = start(node, ['-e', "console.error('no luck'); process.exit(3)"])
  await assert.rejects(ended.waitFor(/ready/), /ended with 3\n.*no luck/)
  const silent = start(node, ['-e', stays])
  await assert.rejects(silent.waitFor(/ready/, 50), /said nothing like \/ready\/ for 50 ms/)
  await silent.stop()
  await assert.rejects(start('/nonexistent', []).waitFor(/ready/), /ENOENT/)
})

test('run gives code and output, and rejects what cannot start or takes too long', async () => {
  const done = await run('/bin/sh', ['-c', 'cat; echo bad >&2; exit 4'], { input: 'good' })
  assert.deepEqual(done, { code: 4, signal: null, stdout: 'good', stderr: 'bad\n' })
  await assert.rejects(run('/nonexistent', []), { code: 'ENOENT' })
  await assert.rejects(run(node, ['-e', stays], { timeoutMs: 50 }), /was killed/)
})

test('a server ends with the test process that started it, even when that one is killed', async (t) => {
  const watch = createServer().listen(0, '127.0.0.1')
  t.after(() => watch.close())
  await once(watch, 'listening')
  const address = watch.address()
  assert.ok(address !== null && typeof address === 'object')
  const server = JSON.stringify(
    `require('net').connect(${address.port}, '127.0.0.1').on('error', () => 0); ${stays}`,
  )
  const support = JSON.stringify(new URL('../../support/process.ts', import.meta.url).href)
  const script = `const { start } = await import(${support}); start(process.execPath, ['-e', ${server}]); ${stays}`
  const parent = start(node, ['--input-type=module', '-e', script])
  const [socket] = (await once(watch, 'connection', { signal: AbortSignal.timeout(10_000) })) as [Socket]
  const gone = once(socket.on('error', () => undefined).resume(), 'close', {
    signal: AbortSignal.timeout(10_000),
  })
  process.kill(parent.pid, 'SIGKILL')
  await gone
})

test('free ports are different and free, and a taken one is tried again with others', async (t) => {
  const ports = await freePorts(3)
  assert.equal(new Set(ports).size, 3)
  const [port = 0] = ports
  assert.equal(await isTaken(port), false)
  const tried: number[] = []
  const won = await withFreePorts(1, async ([first = 0]) => {
    tried.push(first)
    if (tried.length < 3) throw new PortTaken('somebody was faster')
    return first
  })
  assert.equal(tried.length, 3)
  assert.equal(won, tried[2])
  const server = createServer((socket) => socket.end('220 hello\r\nmore')).listen(port, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  assert.equal(await isTaken(port), true)
  assert.equal(await greeting(port, () => true), '220 hello')
})
