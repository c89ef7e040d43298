import { itemOfKey } from '#agent/desk/item-key.ts'
import type { Account } from '#handheld/state.ts'
import type { ActivationId, MailAddress, Pin, SrpId } from '#kernel/brand.ts'
import { ruleCatalogue } from '#policy/it-policy.ts'
import { serviceBooks } from '#policy/service-book.ts'
import { decodeItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { type Book, decodeBookSet, encodeBookSet } from '#protocol/service-book.ts'
import type { Db } from '#store/sqlite/database.ts'
import type { Checker, Fail } from './checks.ts'

interface AccountRow {
  readonly pin: Pin
  readonly user_id: number
  readonly txn: ActivationId
  readonly policy_applied: number
  readonly books_applied: number
  readonly kid: number | null
  readonly address: MailAddress
  readonly display_name: string
}

/** What the administrator's policies say, worked out anew from the tables and held against what the handheld has. */
export const bothSidesAgree = (): Checker => {
  const done = new Set<number>()
  /** Items that were called done, and the packet whose answer said so. */
  let ended: Ended[] = []
  return {
    invariant: 'both sides agree on policy and books, and on the key when all is quiet',
    took: ({ item, ack }) => {
      if (item?.state === 'done' && ack) ended.push({ id: item.id, deliveryId: ack.deliveryId })
    },
    look: ({ items, world, db }, fail) => {
      for (const one of ended) checkAnswer(db, one, fail)
      ended = []
      for (const { id, pin, kind, state, number } of items ?? []) {
        if (state !== 'done' || kind === 'command' || done.has(id)) continue
        done.add(id)
        const account = world.handhelds.find(({ saved }) => saved?.state.device.pin === pin)?.saved?.state
          .account
        const own = kind === 'policy' ? account?.policy?.number : account?.bookNumber?.number
        if (account && (own ?? 0) < (number ?? 0))
          fail(`item ${id} of ${pin}: ${kind} ${number} is called applied, and there it is ${own}`)
      }
    },
    quiet: ({ db, world }, fail) => {
      const rows = db.all<AccountRow>(
        `SELECT h.pin, h.user_id, h.txn, h.policy_applied, h.books_applied, a.address, u.display_name,
         (SELECT kid FROM master_key k WHERE k.pin = h.pin AND k.state = 'current') AS kid
       FROM handheld h JOIN user u ON u.id = h.user_id JOIN user_address a ON a.user_id = u.id AND a.main = 1
       WHERE h.state = 'active'`,
      )
      for (const row of rows) {
        const handheld = world.handhelds.find(({ saved }) => saved?.state.device.pin === row.pin)
        const account = handheld?.saved?.state.account
        if (handheld && account?.complete && account.txn === row.txn)
          checkAccount(db, `${handheld.name} of ${row.address}`, account, row, fail)
      }
    },
  }
}

interface Ended {
  readonly id: number
  readonly deliveryId: number
}

function checkAnswer(db: Db, { id, deliveryId }: Ended, fail: Fail): void {
  const packet = db.one<{ key: string }>('SELECT key FROM delivery WHERE id = ?', deliveryId)
  if (packet && itemOfKey(packet.key) !== id)
    fail(`item ${id} is called done by the answer to another packet, ${packet.key}`)
}

function checkAccount(db: Db, name: string, account: Account, row: AccountRow, fail: Fail): void {
  if (account.link.kid !== row.kid) fail(`${name}: key ${account.link.kid} there, ${row.kid} here`)
  const numbers = [account.policy?.number, account.bookNumber?.number].join()
  const known = [row.policy_applied, row.books_applied].join()
  if (numbers !== known) fail(`${name}: policy and books ${numbers} there, ${known} here`)
  const expected = expectedOf(db, row.user_id)
  const policy = account.policy && decodeItPolicy(account.policy.content)
  if (!policy?.ok) {
    fail(`${name} has no policy`)
    return
  }
  if (policy.value.policyId !== expected.name)
    fail(`${name}: has the policy ${policy.value.policyId}, should have ${expected.name}`)
  for (const [rule, value] of Object.entries(expected.rules)) {
    const own = JSON.stringify(policy.value.rules.get(rule))
    if (own !== JSON.stringify(value)) fail(`${name}: ${rule} is ${own}, should be ${JSON.stringify(value)}`)
  }
  const set = account.books && decodeBookSet(account.books.content)
  if (!set?.ok) {
    fail(`${name} has no books`)
    return
  }
  const [srpId = '' as SrpId] = set.value.servers
  const all = serviceBooks({
    address: row.address,
    displayName: row.display_name,
    srpId,
    rules: expected.rules,
  })
  const books = all.filter(({ cid }) => !expected.removedBooks.includes(cid))
  const bytes = (list: readonly Book[]) =>
    Buffer.from(encodeBookSet({ number: 0, servers: [srpId], books: list })).toString('hex')
  if (bytes(set.value.books) !== bytes(books)) {
    const cids = (list: readonly Book[]) => list.map(({ cid }) => cid).join()
    fail(`${name}: has the books ${cids(set.value.books)}, should have ${cids(books)}`)
  }
}

interface Expected {
  readonly name: string
  readonly rules: Readonly<Record<string, RuleValue>>
  readonly removedBooks: readonly string[]
}

/** A user's own policies come first, then those of the user's groups, each by rank; the default is below all. */
function expectedOf(db: Db, userId: number): Expected {
  const layers = db
    .all<{ name: string; rules: string }>(
      `SELECT name, rules FROM it_policy p LEFT JOIN it_policy_user u ON u.policy_id = p.id AND u.user_id = ?
       WHERE rank IS NULL OR u.user_id IS NOT NULL OR id IN (
         SELECT policy_id FROM it_policy_group WHERE group_id IN (SELECT group_id FROM group_member WHERE user_id = ?))
       ORDER BY rank IS NULL, u.user_id IS NULL, rank`,
      ...[userId, userId],
    )
    .map(({ name, rules }) => ({ name, rules: JSON.parse(rules) as Record<string, RuleValue> }))
  const rules = ruleCatalogue.map(({ name, standard }): [string, RuleValue] => [
    name,
    layers.find((one) => Object.hasOwn(one.rules, name))?.rules[name] ?? standard,
  ])
  const removed = db.all<{ cid: string }>('SELECT cid FROM removed_book WHERE user_id = ?', userId)
  return {
    name: layers[0]?.name ?? '',
    rules: Object.fromEntries(rules),
    removedBooks: removed.map(({ cid }) => cid),
  }
}
