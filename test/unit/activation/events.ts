/** Events of one imagined activation, for the tests of the reducer. */
import type { ActivationEvent, EtpRequest, MessageName, Standing, Verdict } from '#activation/event.ts'
import type { Grant } from '#activation/grant.ts'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'

export const txn = '4722fdfe059b2f6ec98cae59d1c34c14' as ActivationId
export const otherTxn = '17d0988d153c80502e10b7bff9c8e6f0' as ActivationId
export const pin = '2100000A' as Pin
export const otherPin = '2100000B' as Pin
export const address = 'alice@example.test' as MailAddress
export const hour = 3_600_000
export const start = 1_800_000_000_000

export const openGrant: Grant = {
  id: 1,
  state: 'open',
  origin: 'generated',
  createdAtMs: start - hour,
  expiresAtMs: start + 47 * hour,
  fails: {},
}

export const request: EtpRequest = {
  address,
  bodyHash: 'aa',
  body: 'bb',
  token: 'cc',
  pressedAtMs: start,
  lifeMs: 48 * hour,
  mailedAtMs: start + 1_000,
  profile: 1,
  offer: [1],
}

export const standing = (grant: Grant | null = openGrant, hasRecord = true): Standing => ({
  grant,
  hasRecord,
})

export const disabled: Standing = { ...standing(), disabled: true }

type Options<Kind extends ActivationEvent['kind']> = Partial<Extract<ActivationEvent, { kind: Kind }>>

export const etpSeen = (options: Options<'etp_seen'> = {}): ActivationEvent => ({
  kind: 'etp_seen',
  request,
  standing: standing(),
  terms: { suites: [1], profiles: [1] },
  mail: { mailbox: 'alice@example.test/INBOX', uid: 7, receivedAtMs: start + 1_500, foundBy: 'hint' },
  atMs: start + 2_000,
  ...options,
})

export const answerMade = (atMs = start + 2_100): ActivationEvent => ({
  kind: 'answer_made',
  m2: 'dd',
  kid: 7,
  suite: 1,
  keepUntilMs: start + 47 * hour,
  atMs,
})

export const receipt = (
  of: MessageName,
  status: number,
  withPin?: Pin,
  atMs = start + 2_200,
): ActivationEvent => ({
  kind: 'receipt',
  of,
  status,
  atMs,
  ...(withPin ? { pin: withPin } : {}),
})

export const proofSeen = (options: Options<'proof_seen'> = {}): ActivationEvent => ({
  kind: 'proof_seen',
  pin,
  m3: 'ee',
  m3Hash: 'e1',
  standing: standing(),
  atMs: start + 2_300,
  ...options,
})

export const judged = (verdict: Verdict, grant: Grant | null = openGrant): ActivationEvent => ({
  kind: 'proof_judged',
  m3Hash: 'e1',
  verdict,
  standing: standing(grant),
  device: { model: 'Simulator 9000', software: '1.0', platform: 'sim', deviceKey: '00' },
  m4: 'ff',
  keyCheck: 'f1',
  atMs: start + 2_400,
})

export const keyCheckSeen: ActivationEvent = {
  kind: 'key_check_seen',
  standing: standing({ ...openGrant, state: 'claimed', claim: { pin, txn, atMs: start + 2_400 } }),
  atMs: start + 2_500,
}

export const policySent = (number = 41): ActivationEvent => ({
  kind: 'policy_sent',
  number,
  atMs: start + 2_600,
})
export const policyAcked = (status: number, number = 41): ActivationEvent => ({
  kind: 'policy_acked',
  number,
  status,
  atMs: start + 2_700,
})
export const booksSent = (number = 42): ActivationEvent => ({
  kind: 'books_sent',
  number,
  atMs: start + 2_800,
})
export const booksAcked = (status: number, number = 42): ActivationEvent => ({
  kind: 'books_acked',
  number,
  status,
  atMs: start + 2_900,
})

/** The events of an activation that goes well, in order. */
export const goodRun: readonly ActivationEvent[] = [
  { kind: 'relay_mailed', address, atMs: start + 1_000 },
  etpSeen(),
  answerMade(),
  receipt('m2', 0, pin),
  proofSeen(),
  judged('right'),
  keyCheckSeen,
  policySent(),
  policyAcked(0),
  booksSent(),
  booksAcked(0),
]
