/** Nothing is stuck: once faults have ceased everything ends, or waits in words for a named person. */
import { hasEnded } from '#activation/activation.ts'
import { explain } from '#activation/explain.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import type { Story } from './story.ts'

const invariant = 'nothing is stuck once faults have ceased'
/** The relay's receipt, after which a handheld ends, is so long on its way at most. */
const onTheWayMs = 5_000
const freshTryMs = 40 * 60_000
const serverKnowsMs = 2 * 60_000

/** What the server itself does next takes moments, whoever waits for it. */
const ownTurn: ReadonlySet<string> = new Set(['answering', 'judging', 'policy_due', 'books_due'])

/** Approval, a key that the server no longer has, a policy that cannot be applied: somebody must do something. */
const personsCodes: ReadonlySet<number | null> = new Set([15, 18, 19, 31])

/**
 * Its acknowledgement reached the relay, it was switched off, and then a week went by: only when it comes on the air
 * again can it be asked.
 */
const isOffAir = ({ world }: Story, { outcome, endedAtMs }: SimHandheld): boolean =>
  outcome?.code === 0 && world.expiredAtMs !== null && world.expiredAtMs > endedAtMs - onTheWayMs

/** Behind a lock stands what the user reads as soon as it is opened. */
const namesPerson = ({ shown, saved }: SimHandheld): boolean =>
  personsCodes.has(saved?.state.lock.locked ? saved.state.screenCode : shown.code)

export function checkEnded(story: Story): void {
  const { world, people, checks } = story
  for (const { handheld } of people)
    if (handheld.busy && !namesPerson(handheld))
      checks.violated(invariant, `${handheld.name} still shows: ${handheld.shown.text}`)
  const nowMs = world.serverHost.nowMs()
  for (const activation of checks.observed?.activations.values() ?? []) {
    if (hasEnded(activation)) continue
    const { txn, phase } = activation
    if (ownTurn.has(phase)) checks.violated(invariant, `${txn} is ${phase}, and it is the server's turn`)
    const account = checks.observed?.db.one<{ state: string }>(
      'SELECT state FROM handheld WHERE txn = ?',
      txn,
    )
    if (account && account.state !== 'active')
      checks.violated(invariant, `${txn} is ${phase}, and its handheld is ${account.state}`)
    const { turn, code, retryAtMs } = explain(activation, {
      grant: null,
      nextSendAtMs: null,
      account: null,
      nowMs,
    })
    const complete = people.find(
      ({ handheld }) => handheld.saved?.state.account?.txn === txn && handheld.saved.state.account.complete,
    )
    const waits = complete && isOffAir(story, complete.handheld) && turn === 'handheld'
    if (complete && !waits) checks.violated(invariant, `${txn} is ${phase} here and complete on its handheld`)
    world.note('world', `left over: ${txn} ${phase} ${turn} ${code} ${retryAtMs}`)
  }
}

/** Whatever has happened before: with a new password whoever is not active can activate now, and the server knows it. */
export async function checkFreshTries(story: Story): Promise<void> {
  const { world, people, checks } = story
  const phaseOf = ({ saved }: SimHandheld) =>
    saved?.state.account && checks.observed?.activations.get(saved.state.account.txn)?.phase
  /** Complete there while here its user or its account was removed in the last moment. */
  const wasTakenAway = ({ saved }: SimHandheld): boolean => {
    const run = saved?.state.account && checks.observed?.activations.get(saved.state.account.txn)
    return run?.code === 'user.removed' || run?.code === 'handheld.removed'
  }
  const trying = people.filter(
    ({ handheld }) =>
      handheld.outcome?.code !== 0 ||
      // Erased, and killed before it could say so.
      !handheld.saved?.state.account ||
      wasTakenAway(handheld) ||
      (isOffAir(story, handheld) && phaseOf(handheld) !== 'complete'),
  )
  const ended = new Set<SimHandheld>()
  world.onHandheldEnded = (handheld, { code, text }) => {
    if (code !== 0) checks.violated(invariant, `${handheld.name} tried anew and ended with ${code}: ${text}`)
    ended.add(handheld)
  }
  for (const person of trying) story.begin(person.getPassword().then(() => person.press()))
  await story.until(world.time.nowMs() + freshTryMs, () => ended.size === trying.length)
  await story.until(world.time.nowMs() + serverKnowsMs)
  if (checks.violation) return
  for (const { handheld } of people) {
    const phase = phaseOf(handheld)
    if (handheld.outcome === null) checks.violated(invariant, `${handheld.name} tried anew and has not ended`)
    else if (phase !== 'complete')
      checks.violated(invariant, `${handheld.saved?.state.account?.txn} is complete there, ${phase} here`)
  }
}
