import type { Checker } from './checks.ts'
import type { Observed } from './observed.ts'

/** What either end says where it cannot open a packet. */
const unread: ReadonlySet<string> = new Set([
  'a packet was dropped',
  'a packet under an unknown key was dropped',
  'a packet under a key that is gone was dropped',
  'a packet that does not open was dropped',
])

interface Line {
  readonly process: string
  readonly message: string
  readonly kid?: number
  readonly pin?: string
  readonly why?: string
}

/** A key that its sender still sends under is one that the receiver opens. What comes late under an erased key is not. */
export const packetsAreReadable = (): Checker => ({
  invariant: 'no packet under a current key is unreadable',
  look: (observed, fail) => {
    for (const text of observed.logLines) {
      if (!text.includes('"a packet ')) continue
      const line = JSON.parse(text) as Line
      if (!unread.has(line.message) || line.kid === undefined || line.why === 'too old') continue
      if (isLive(observed, line))
        fail(`${line.process}: ${line.message}, and ${line.kid} is current at the other end`)
    }
  },
})

function isLive({ world, db }: Observed, { process, pin, kid = 0 }: Line): boolean {
  const handheld = world.handhelds.find(({ name, saved }) =>
    pin === undefined ? name === process : saved?.state.device.pin === pin,
  )
  const account = handheld?.saved?.state.account
  if (!account) return false
  const current = db.one<{ kid: number }>(
    "SELECT kid FROM master_key WHERE txn = ? AND state = 'current'",
    account.txn,
  )
  // An account that one of the two has given up has no channel any more.
  if (!current) return false
  return kid === (pin === undefined ? current.kid : account.link.kid)
}
