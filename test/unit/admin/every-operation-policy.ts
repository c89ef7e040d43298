/** Arguments of the operations on policies, books, the queue and handhelds: rows of `every-operation.ts`. */
import type { Given } from './every-operation.ts'

const none: Given = { args: () => [] }
const pin = '2100AB3F'
const makeSales = ['policies.create', 'sales'] as const
const addBob = ['users.add', { address: 'bob@example.test' }] as const
const ofSales: Given = { args: () => ['sales'], first: [makeSales] }
const ofHandheld: Given = { args: () => [pin], handheld: true }
const ownIt = ['handhelds.setOwner', pin, 'Acme'] as const
const lockIt = ['handhelds.lock', pin] as const
const wipeIt = ['handhelds.wipe', pin] as const

export const everyPolicyOperation: Readonly<Record<string, Given>> = {
  'policies.rules': none,
  'policies.list': none,
  'policies.show': ofSales,
  'policies.create': { args: () => ['sales'] },
  'policies.change': {
    args: () => ['sales', { allow_browser: 'false' }, { note: 'why' }],
    first: [makeSales],
  },
  'policies.replace': { args: () => ['sales', { allow_browser: false }], first: [makeSales] },
  'policies.restore': { args: () => ['sales', 1], first: [makeSales] },
  'policies.rename': { args: () => ['sales', 'field'], first: [makeSales] },
  'policies.remove': ofSales,
  'policies.rank': { args: () => ['sales', 1], first: [makeSales] },
  'policies.assign': { args: () => ['sales', { user: 'bob@example.test' }], first: [makeSales, addBob] },
  'policies.unassign': { args: () => ['sales', { user: 'bob@example.test' }], first: [makeSales, addBob] },
  'policies.history': ofSales,
  'policies.diff': { args: () => ['default', 'sales'], first: [makeSales] },
  'policies.preview': { args: () => ['bob@example.test'], first: [addBob] },
  'queue.list': none,
  'queue.show': { args: () => [1] },
  'queue.cancel': { args: () => [1], first: [ownIt], handheld: true },
  'queue.cancelGuarded': { args: () => [1], first: [lockIt], handheld: true },
  'queue.resend': { args: () => [1], first: [lockIt], handheld: true },
  'books.list': ofHandheld,
  'books.resend': ofHandheld,
  'books.remove': { args: () => [pin, 'CICAL'], handheld: true },
  'books.restore': { args: () => [pin, 'CICAL'], handheld: true },
  'handhelds.lock': { args: (secret) => [pin, { password: secret, ownerText: 'Acme' }], handheld: true },
  'handhelds.setOwner': { args: () => [pin, 'Acme'], handheld: true },
  'handhelds.wipe': { args: () => [pin, { afterMinutes: 5 }], handheld: true },
  'handhelds.cancelWipe': { args: () => [pin], first: [wipeIt], handheld: true },
  'handhelds.remove': ofHandheld,
  'handhelds.resendPolicy': ofHandheld,
}
