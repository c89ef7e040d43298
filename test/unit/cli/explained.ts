/** An activation that waits for its handheld, as `activation explain` gets it. */
import type { ExplainedActivation } from '#admin/views.ts'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import { faultRow } from '#kernel/fault.ts'
import { startMs } from '../admin/installation.ts'

const code = 'policy.not_acknowledged'
const { says, next } = faultRow(code)
const sinceMs = startMs - 193_000

export const waiting: ExplainedActivation = {
  address: 'alice@example.test' as MailAddress,
  activation: {
    id: '5f2c9a10aabbccddeeff001122334455' as ActivationId,
    address: 'alice@example.test' as MailAddress,
    pin: '2100AB3F' as Pin,
    stage: 'waiting_for_services',
    code,
    says,
    turn: 'handheld',
    startedAtMs: startMs - 200_000,
    sinceMs,
    ended: false,
  },
  explanation: { code, says, turn: 'handheld', sinceMs, next, retryAtMs: startMs + 45_000 },
  guard: null,
  mails: [],
  remarks: [],
  timeline: [
    { name: 'user pressed Activate', atMs: startMs - 200_000, tookMs: null, detail: 'alice@example.test' },
    { name: 'relay mailed the request', atMs: startMs - 199_820, tookMs: 180, detail: '' },
    {
      name: 'mail in the mailbox',
      atMs: startMs - 195_000,
      tookMs: 4_820,
      detail: 'user/alice@example.test',
    },
    { name: 'server saw the mail', atMs: startMs - 194_960, tookMs: 40, detail: 'found by hint' },
    { name: 'IT policy sent', atMs: sinceMs, tookMs: 1_960, detail: 'number 4294967297' },
  ],
}
