/** A deliverer by LMTP before a server that answers as the test says. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { systemClock } from '#edge/system.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { type Deliverer, NotTaken } from '#mailbox/deliver.ts'
import { type LmtpOptions, lmtpDeliverer } from '#mailbox/deliver-lmtp.ts'
import { type Answer, type FakeLmtp, type FakeLmtpOptions, startFakeLmtp } from '../support/fake-lmtp.ts'
import { address } from './imap-server-embedded.ts'

export const alice = address('alice@example.test')
export const bob = address('bob@example.test')
export const text = 'Subject: x\r\n\r\n.a\r\n..\r\nend\r\n'

export interface Site {
  readonly fake: FakeLmtp
  readonly deliverer: Deliverer
  deliver(to?: typeof alice): Promise<number>
}

export async function startSite(
  t: TestContext,
  options: Partial<LmtpOptions> = {},
  fakeOptions: FakeLmtpOptions = {},
): Promise<Site> {
  const fake = await startFakeLmtp(t, fakeOptions)
  const place = { host: '127.0.0.1', port: fake.port }
  const deliverer = lmtpDeliverer({
    server: { place, tls: 'none', trust: { serverName: 'mail.test' }, name: 'mx.test' },
    times: { stepMs: 3_000, answerMs: 3_000 },
    connectionsMax: 2,
    clock: systemClock,
    ...options,
  })
  t.after(() => deliverer.close())
  const mail = { sender: 'sender@client.test', smtpUtf8: false, raw: Buffer.from(text), nowMs: 0 }
  return { fake, deliverer, deliver: (to = alice) => deliverer.deliver({ ...mail, recipients: [to] }) }
}

export const refusedWith = (work: Promise<unknown>, answer: number, code: FaultCode, detail = /(?:)/) =>
  assert.rejects(work, (error) => {
    assert(error instanceof NotTaken, String(error))
    assert.deepEqual([error.answer.code, error.code], [answer, code], error.detail)
    assert.match(error.detail, detail)
    return true
  })

/** The first time; after that as usual. */
export function once(answer: Answer): () => Answer | undefined {
  let left = 1
  return () => (left-- > 0 ? answer : undefined)
}
