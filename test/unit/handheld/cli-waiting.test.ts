import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayWaiting } from '#handheld/cli-waiting.ts'
import { startProgressLine } from '#handheld/progress-line.ts'

test('a person is told once what a text leaves open: what is waited for, until when, and how to start over', () => {
  const remarks: string[] = []
  const line = { remark: (text: string) => remarks.push(text) }
  const io = { moment: () => 'THEN' }
  const say = sayWaiting(io, line, 'the same command with --anew')
  for (const code of [5, 5, 21, 15, 22] as const) say(code, 1)
  assert.equal(remarks.length, 4)
  const told = remarks.map((text) => text.replaceAll('\n', ' '))
  assert(told.every((text) => text.includes(' until THEN.') && text.includes('Ctrl-C')))
  assert(told.every((text) => text.endsWith('then the same command with --anew and a new password.')))
  assert.deepEqual(
    told.map((text) => text.includes('the same command goes on with it')),
    [false, true, true, true],
    'whoever was told no has nothing to go on with',
  )
})

test('a line that moves is drawn on a terminal alone, and taken away before a text is printed', async () => {
  const written: string[] = []
  const output = (isTTY: boolean, name: string) => ({
    isTTY,
    write: (text: string) => written.push(name + text),
  })
  const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  for (const isTTY of [true, false]) {
    written.length = 0
    const io = { format: 'table', clock, stdout: output(isTTY, 'o'), stderr: output(isTTY, 'e') } as const
    const line = startProgressLine(io)
    line.print('Activating')
    line.remark('It waits')
    await line.hidden(async () => written.push('asked'))
    line.stop()
    const drawn = [
      'oActivating\n',
      'e\r\u001b[K/ 0 s',
      'e\r\u001b[K',
      'eIt waits\n',
      'e\r\u001b[K- 0 s',
      'e\r\u001b[K',
      'asked',
      'e\r\u001b[K\\ 0 s',
      'e\r\u001b[K',
    ]
    assert.deepEqual(written, isTTY ? drawn : ['oActivating\n', 'eIt waits\n', 'asked'])
  }
})
