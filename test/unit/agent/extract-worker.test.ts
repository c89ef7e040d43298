import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ExtractorOptions, startExtractor } from '#agent/extract-worker.ts'
import { systemClock } from '#edge/system.ts'
import { greedy } from './greedy-thread.ts'
import { etpFile, exampleMail } from './mails.ts'

const greedyThread = new URL('./greedy-thread.ts', import.meta.url)

function extractor(t: TestContext, options: Partial<ExtractorOptions> = {}) {
  const started = startExtractor({ clock: systemClock, ...options })
  t.after(() => started.close())
  return started
}

const bytes = (...values: readonly number[]) => new Uint8Array(values)

test('the thread reads mails and answers each with its files', async (t) => {
  const { extract } = extractor(t)
  const answers = await Promise.all([extract(exampleMail), extract(bytes(1, 2)), extract(exampleMail)])
  const found = answers.map((answer) => ('files' in answer ? answer.files.map(Buffer.from) : answer))
  assert.deepEqual(found, [[Buffer.from(etpFile)], [], [Buffer.from(etpFile)]])
})

const excesses = [
  ['time', greedy.spin],
  ['memory', greedy.grow],
  ['crash', greedy.exit],
] as const

for (const [excess, first] of excesses) {
  test(`a mail that exceeds its budget (${excess}) is set aside, and the one behind it is read`, async (t) => {
    const { extract } = extractor(t, {
      thread: greedyThread,
      timeMs: excess === 'time' ? 300 : 10_000,
      memoryMb: 24,
    })
    const [bad, good] = await Promise.all([extract(bytes(first)), extract(bytes(9))])
    assert.deepEqual(bad, { setAside: excess })
    assert.deepEqual(good, { files: [bytes(9)], stoppedAt: null })
  })
}

test('the thread sees nothing of the environment', async (t) => {
  const { extract } = extractor(t, { thread: greedyThread })
  assert.deepEqual(await extract(bytes(greedy.environment)), { files: [bytes()], stoppedAt: null })
})

test('where no thread starts no mail is set aside: the caller is told, and may try again', async (t) => {
  const { extract } = extractor(t, { thread: new URL('./no-such-thread.ts', import.meta.url) })
  await assert.rejects(extract(exampleMail))
  await assert.rejects(extract(exampleMail))
})

test('after the end no mail is read', async () => {
  const { extract, close } = startExtractor({ clock: systemClock })
  await close()
  await assert.rejects(extract(exampleMail))
})
