/** Nothing is stuck: once faults have ceased everything ends, or waits in words for a named person. */
import { hasEnded } from '#activation/activation.ts'
import { explain } from '#activation/explain.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import type { Story } from './story.ts'

const invariant = 'nothing is stuck once faults have ceased'
const freshTryMs = 40 * 60_000
const serverKnowsMs = 2 * 60_000

/** What the server itself does next takes moments, whoever waits for it. */
const ownTurn: ReadonlySet<string> = new Set(['answering', 'judging', 'policy_due', 'books_due'])

/** Approval, a key that the server no longer has, a policy that cannot be applied: somebody must do something. */
const personsCodes: ReadonlySet<number | null> = new Set([15, 18, 19, 31])

const namesPerson = ({ shown }: SimHandheld): boolean => personsCodes.has(shown.code)

export function checkEnded({ world, people, checks }: Story): void {
  for (const { handheld } of people)
    if (handheld.busy && !namesPerson(handheld))
      checks.violated(invariant, `${handheld.name} still shows: ${handheld.shown.text}`)
  const nowMs = world.serverHost.nowMs()
  for (const activation of checks.observed?.activations.values() ?? []) {
    if (hasEnded(activation)) continue
    const { txn, phase } = activation
    if (ownTurn.has(phase)) checks.violated(invariant, `${txn} is ${phase}, and it is the server's turn`)
    const complete = people.some(
      ({ handheld }) => handheld.saved?.state.account?.txn === txn && handheld.saved.state.account.complete,
    )
    if (complete) checks.violated(invariant, `${txn} is ${phase} here and complete on its handheld`)
    const { turn, code, retryAtMs } = explain(activation, {
      grant: null,
      nextSendAtMs: null,
      account: null,
      nowMs,
    })
    world.note('world', `left over: ${txn} ${phase} ${turn} ${code} ${retryAtMs}`)
  }
}

/** Whatever has happened before: with a new password whoever is not active can activate now, and the server knows it. */
export async function checkFreshTries(story: Story): Promise<void> {
  const { world, people, checks } = story
  const trying = people.filter(({ handheld }) => handheld.outcome?.code !== 0)
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
    const account = handheld.saved?.state.account
    const phase = account && checks.observed?.activations.get(account.txn)?.phase
    if (handheld.outcome === null) checks.violated(invariant, `${handheld.name} tried anew and has not ended`)
    else if (phase !== 'complete')
      checks.violated(invariant, `${account?.txn} is complete there, ${phase} here`)
  }
}
