import { decodeM4 } from '#protocol/exchange.ts'
import { decodePayload } from '#protocol/payload.ts'
import type { Checker } from './checks.ts'

/** Whoever could ask the server for its proof first could try out passwords at home. */
export const handheldProvesFirst = (): Checker => ({
  invariant: 'a server proves nothing before the handheld has proved its password',
  sent: (sender, frame, observed, fail) => {
    if (frame.type !== 'send' || !sender.name.startsWith('agent')) return
    const payload = decodePayload(frame.payload)
    const m4 = payload.ok && payload.value.kind === 'm4' ? decodeM4(payload.value.bytes) : null
    if (!m4?.ok) return
    const { txn } = m4.value
    const proved = observed
      .events(txn)
      .some((event) => event.kind === 'proof_judged' && event.verdict === 'right')
    if (!proved) fail(`the server's proof of ${txn} went out before the handheld's was judged`)
  },
})
