import type { Account } from '#handheld/state.ts'
import type { Pin } from '#kernel/brand.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import type { Checker, Fail } from './checks.ts'
import type { Observed } from './observed.ts'

interface KeyRow {
  readonly kid: number
  readonly state: string
  readonly txn: string
}

const keysOf = ({ db }: Observed, pin: Pin): KeyRow[] =>
  db.all<KeyRow>('SELECT kid, state, txn FROM master_key WHERE pin = ?', pin)

/** Whoever has a key as the current one sends under it: while the account lives, the other end has it too. */
export const currentKeysAreHeld = (): Checker => ({
  invariant: 'each side holds the key that the other sends under',
  look: (observed, fail) => {
    if (!observed.has('activations') && !observed.has('rollovers')) return
    for (const handheld of observed.world.handhelds) lookAt(observed, handheld, fail)
  },
})

function lookAt(observed: Observed, { name, saved }: SimHandheld, fail: Fail): void {
  const account = saved?.state.account
  const { pin } = saved?.state.device ?? {}
  if (!account || !pin) return
  const rows = keysOf(observed, pin).filter(({ txn }) => txn === account.txn)
  const current = rows.find(({ state }) => state === 'current')
  if (!current) return
  if (rows.every(({ kid }) => kid !== account.link.kid))
    fail(`${name} sends under ${account.link.kid}, the server has ${rows.map(({ kid }) => kid).join()}`)
  const own = kidsOf(account)
  if (!own.includes(current.kid)) fail(`the server sends under ${current.kid}, ${name} has ${own.join()}`)
}

function kidsOf({ link, keys: { previous, rollover } }: Account): number[] {
  const pending = rollover && 'link' in rollover ? [rollover.link.kid] : []
  return [link.kid, ...(previous ? [previous.link.kid] : []), ...pending]
}

/** Why a handheld's keys are not yet those of a quiet time; empty: both ends have one, and it is the same. */
export function unsettled(observed: Observed, { name, saved, busy }: SimHandheld): string[] {
  const account = saved?.state.account
  const { pin } = saved?.state.device ?? {}
  if (!account || !pin) return []
  if (busy) return [`${name} activates anew`]
  const { previous, rollover } = account.keys
  if (previous || (rollover && rollover.stage !== 'closing'))
    return [`${name} is ${rollover?.stage ?? 'idle'}, its old key is ${previous?.link.kid ?? 'gone'}`]
  const rows = keysOf(observed, pin)
  const [only] = rows
  if (rows.length !== 1 || only?.kid !== account.link.kid)
    return [
      `${name} has ${account.link.kid}, the server ${rows.map((row) => `${row.kid} ${row.state}`).join()}`,
    ]
  return observed.db.all('SELECT 1 FROM master_key WHERE pin = ? AND roll_wanted_at_ms IS NOT NULL', pin)
    .length > 0
    ? [`${name} was to be given a new key, and was not`]
    : []
}
