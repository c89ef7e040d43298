/** What an administrator does to handhelds that work, through the use cases that the console calls. */
import type { Admin } from '#admin/admin.ts'
import type { Pin } from '#kernel/brand.ts'
import type { Chance } from '../world/chance.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import { asAdministrator } from './administrator.ts'
import type { Story } from './story.ts'

/** Says on whom or what it was done; null where there was nothing to do it to. */
export type Act = (story: Story, chance: Chance) => Promise<string | null>

/** Policies by name, the first two with their target from the beginning. */
export const policyNames = ['field', 'office', 'spare'] as const
export const groupNames = ['field staff', 'office staff'] as const

const ruleValues: readonly (readonly [string, readonly (string | null)[]])[] = [
  ['allow_camera', ['true', 'false', null]],
  ['attachment_max_kib', ['100', '2000', null]],
  ['password_min_length', ['1', '4', null]],
  ['owner_text', ['Reception', '', null]],
  ['sync_databases_allowed', ['memos', 'memos, tasks', '', null]],
  ['inactivity_lock_minutes', ['0', '5', null]],
  ['allow_browser', ['true', 'false', null]],
]
const bookCids = ['CICAL', 'SYNC', 'ALP', 'BrowserConfig'] as const
const minutesMax = 12

/** Of handhelds that have a PIN, whatever they are doing. */
export const pinned = ({ world }: Story): (readonly [SimHandheld, Pin])[] =>
  world.handhelds.flatMap((handheld) => {
    const pin = handheld.saved?.state.device.pin
    return pin && handheld.saved?.state.account ? [[handheld, pin] as const] : []
  })

/** Does it, and says what it was: a refusal in words is an act as well. */
async function done(
  { world }: Story,
  what: string,
  act: (admin: Admin) => Promise<unknown>,
): Promise<string> {
  const answer = await asAdministrator(world, act)
  return 'code' in answer ? `${what}: ${answer.code}` : what
}

type ToHandheld = (admin: Admin, pin: Pin, chance: Chance) => Promise<unknown>
/** Says what goes on with the same handheld, if anything does. */
type Next = (story: Story, own: Chance, pin: Pin, said: string) => Promise<string>

/** To one of the handhelds, chosen by chance. */
const toOne =
  (what: string, act: ToHandheld, next: Next = async (_story, _own, _pin, said) => said): Act =>
  async (story, chance) => {
    const all = pinned(story)
    if (all.length === 0) return null
    const [{ name }, pin] = chance.pick(all)
    const own = chance.fork(`${what} ${story.world.time.nowMs()}`)
    const said = await done(story, `${name} ${what}`, (admin) => act(admin, pin, own.fork('try')))
    return next(story, own, pin, said)
  }

/** Many a wipe is regretted: at once, while it lies at the relay, or when the handheld has taken it. */
const wiping = (what: string, act: ToHandheld): Act =>
  toOne(what, act, async (story, own, pin, said) => {
    if (!own.happens(0.4)) return said
    await story.world.time.sleep(own.between(0, own.happens(0.5) ? 500 : 60_000))
    return done(story, `${said}, and is not to be`, (admin) => admin.handhelds.cancelWipe(pin))
  })

/** @param which the policy; chosen by chance where absent */
export async function changePolicy(story: Story, chance: Chance, which?: 'default'): Promise<string | null> {
  const name = which ?? (chance.happens(0.3) ? 'default' : chance.pick(policyNames))
  const [rule, values] = chance.pick(ruleValues)
  const value = chance.pick(values)
  const dryRun = chance.happens(0.1)
  return done(story, `${name} ${rule}=${value}`, (admin) =>
    admin.policies.change(name, { [rule]: value }, { dryRun }),
  )
}

async function assignPolicy(story: Story, chance: Chance): Promise<string | null> {
  const name = chance.pick(policyNames)
  const to = chance.happens(0.5)
    ? { group: chance.pick(groupNames) }
    : { user: chance.pick(story.people).address }
  const way = chance.happens(0.6) ? 'assign' : 'unassign'
  return done(story, `${way} ${name} ${JSON.stringify(to)}`, (admin) => admin.policies[way](name, to))
}

async function rankPolicy(story: Story, chance: Chance): Promise<string | null> {
  const name = chance.pick(policyNames)
  const rank = chance.between(1, 3)
  return done(story, `${name} ${rank}`, (admin) => admin.policies.rank(name, rank))
}

/** Taken away and made anew: who had it gets what is left, and then nothing new until it is assigned. */
async function remakePolicy(story: Story, chance: Chance): Promise<string | null> {
  const name = chance.pick(policyNames)
  await done(story, `${name} removed`, (admin) => admin.policies.remove(name))
  await story.world.time.sleep(chance.between(100, 20_000))
  return done(story, name, (admin) => admin.policies.create(name))
}

async function toItem(story: Story, chance: Chance, way: 'cancel' | 'resend'): Promise<string | null> {
  const listed = await asAdministrator(story.world, (admin) => admin.queue.list({ all: chance.happens(0.3) }))
  if (!('value' in listed) || listed.value.length === 0) return null
  const { id, kind, command } = chance.pick(listed.value)
  return done(story, `item ${id} ${command ?? kind}`, ({ queue }) =>
    way === 'cancel' ? queue.cancelGuarded(id) : queue.resend(id),
  )
}

/** Each owner text and password is another, so that it can be told which one a handheld has. */
function words({ world }: Story, kind: string): string {
  world.wordsGiven += 1
  return `${kind} number ${world.wordsGiven}`
}

async function lockWithPassword(story: Story, chance: Chance): Promise<string | null> {
  const all = pinned(story)
  if (all.length === 0) return null
  const [handheld, pin] = chance.pick(all)
  const password = words(story, `password-${handheld.name}`)
  story.world.passwords.push(password)
  handheld.lockPasswords.unshift(password)
  const terms = chance.happens(0.5) ? { password, ownerText: words(story, 'lost by') } : { password }
  return done(story, handheld.name, (admin) => admin.handhelds.lock(pin, terms))
}

/** @param whom the handheld it is for; chosen by chance where absent */
export async function setOwner(story: Story, chance: Chance, whom?: SimHandheld): Promise<string | null> {
  const all = pinned(story).filter(([handheld]) => whom === undefined || handheld === whom)
  if (all.length === 0) return null
  const [handheld, pin] = chance.pick(all)
  const text = chance.happens(0.2) ? '' : words(story, 'property of')
  return done(story, `${handheld.name} "${text}"`, (admin) => admin.handhelds.setOwner(pin, text))
}

export const administratorsActs = {
  policy_changed: changePolicy,
  policy_assigned: assignPolicy,
  policy_ranked: rankPolicy,
  policy_remade: remakePolicy,
  policy_resent: toOne('gets its policy again', (admin, pin) => admin.handhelds.resendPolicy(pin)),
  books_resent: toOne('gets its books again', (admin, pin) => admin.books.resend(pin)),
  book_removed: toOne('loses a book', (admin, pin, chance) => admin.books.remove(pin, chance.pick(bookCids))),
  book_restored: toOne('gets a book back', (admin, pin, chance) =>
    admin.books.restore(pin, chance.pick(bookCids)),
  ),
  locked: toOne('is locked', (admin, pin) => admin.handhelds.lock(pin)),
  locked_with_password: lockWithPassword,
  owner_text: setOwner,
  wiped: wiping('is wiped', (admin, pin) => admin.handhelds.wipe(pin)),
  wiped_later: wiping('is wiped later', (admin, pin, chance) =>
    admin.handhelds.wipe(pin, { afterMinutes: chance.between(1, minutesMax) }),
  ),
  wiped_of_ours: wiping('loses what is ours', (admin, pin, chance) =>
    admin.handhelds.wipe(pin, {
      organisationOnly: true,
      afterMinutes: chance.happens(0.5) ? 0 : chance.between(1, minutesMax),
    }),
  ),
  wipe_cancelled: toOne('is not to be wiped', (admin, pin) => admin.handhelds.cancelWipe(pin)),
  handheld_removed: toOne('is removed', (admin, pin) => admin.handhelds.remove(pin)),
  key_rolled: toOne('gets a new key', (admin, pin) => admin.keys.roll(pin)),
  item_cancelled: (story, chance) => toItem(story, chance, 'cancel'),
  item_resent: (story, chance) => toItem(story, chance, 'resend'),
} as const satisfies Record<string, Act>
