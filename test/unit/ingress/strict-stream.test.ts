import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StrictStream } from '#ingress/strict-stream.ts'

test('messages pipelined behind one another are all read, and the command behind the last of them', async () => {
  const ignore = () => {}
  const stream = new StrictStream(
    { onCommand: ignore, onDataStart: ignore, onDataBytes: ignore, onDataEnd: ignore, onViolation: ignore },
    512,
  )
  const heard: string[] = []
  const { promise: quit, resolve } = Promise.withResolvers<void>()
  stream.oncommand = (command, next) => {
    heard.push(command.toString())
    if (heard.at(-1) === 'QUIT') resolve()
    if (heard.at(-1) === 'DATA') {
      const data = stream.startDataMode(1_000)
      data.on('data', (chunk: Buffer) => heard.push(chunk.toString()))
      data.on('end', () => stream.continue())
    }
    next?.()
  }
  stream.write('DATA\r\na\r\n.\r\nDATA\r\nb\r\n.\r\nDATA\r\n.\r\nQUIT\r\n')
  await quit
  assert.deepEqual(heard, ['DATA', 'a\r\n', 'DATA', 'b\r\n', 'DATA', 'QUIT'])
})
