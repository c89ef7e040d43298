// SMTP from strangers who mean ill, beside somebody who activates.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { RawSmtp } from '../contract/smtp-raw.ts'
import { type Attack, testAttacks } from '../support/hostile-peers.ts'

/** An idle server has about 200 MiB; what comes here is never kept. */
const peakMibMax = 480
const recipients = 3_000
/** As many at once as the server serves side by side. */
const atOnce = 90
const breaks = 27 * atOnce

/** Known and unknown ones in turn, all in one transaction and without waiting for an answer. */
const manyRecipients: Attack = async ({ ports }, victim) => {
  for (const other of [victim, 'nobody@example.test', 'somebody@elsewhere.test']) {
    const client = await RawSmtp.connect(ports.smtp)
    for (const line of ['EHLO client.test', 'MAIL FROM:<a@client.test>'])
      assert.match(await client.say(line), /^250/)
    const lines = Array.from({ length: recipients }, (_, i) => `RCPT TO:<${i % 2 ? other : victim}>\r\n`)
    client.write(lines.join(''))
    const answers = (await client.rest()).split('\n')
    assert(answers.length < 1_100, `${answers.length} answers`)
    assert.match(answers.at(-2) ?? '', /^421 /)
  }
}

const endless: Attack = async ({ ports }) => {
  for (const beginning of ['', 'EHLO ', 'RCPT TO:<', 'X'.repeat(4_000)]) {
    const client = await RawSmtp.connect(ports.smtp)
    client.write(beginning)
    client.write('x'.repeat(1_024 * 1_024))
    assert.match(await client.rest(), /^(500 5\.5\.2 Line too long)?/)
  }
}

/** Every mail ends somewhere in its text, at the same moment as many others. */
const suddenEnds: Attack = async ({ ports }, victim) => {
  const opening = `EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<${victim}>\r\nDATA\r\nSubject: x\r\n\r\n`
  let inText = 0
  const breakOff = async (index: number): Promise<void> => {
    const localAddress = `127.8.${index % 40}.1`
    const socket = connect({ port: ports.smtp, host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    let said = ''
    socket.on('data', (chunk) => {
      if (said === '') socket.write(opening)
      said += chunk
      if (!said.includes('354')) return
      socket.write('x'.repeat((index * 37) % 30_000), () => socket.resetAndDestroy())
    })
    await once(socket, 'close')
    if (/^220 [\s\S]*\r\n354 /.test(said)) inText += 1
  }
  for (let at = 0; at < breaks; at += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, i) => breakOff(at + i)))
  assert(inText > 2_000, `${inText} came as far as their text`)
}

testAttacks(
  'no stranger at the mail port keeps anybody from activating, or makes the server large',
  peakMibMax,
  {
    [`${recipients} recipients in one transaction`]: manyRecipients,
    'command lines of a megabyte': endless,
    [`${breaks} connections that break in the middle of a mail`]: suddenEnds,
  },
)
