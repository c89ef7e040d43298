import type { AggregateName, Aggregates } from '../store.ts'
import { access } from './access.ts'
import { accounts } from './accounts.ts'
import { activations } from './activations.ts'
import type { Aggregate } from './aggregate.ts'
import { audit } from './audit.ts'
import type { Db } from './database.ts'
import { deliveries } from './deliveries.ts'
import { groups } from './groups.ts'
import { handhelds } from './handhelds.ts'
import { installation } from './installation.ts'
import { invitations } from './invitations.ts'
import { mail } from './mail.ts'
import { policies } from './policies.ts'
import { queue } from './queue.ts'
import { relay } from './relay.ts'
import { retention } from './retention.ts'
import { rollovers } from './rollovers.ts'
import { users } from './users.ts'
import { watches } from './watches.ts'

type Catalogue = { readonly [K in AggregateName]: Aggregate<Aggregates[K]> }

export const aggregates: Catalogue = {
  installation,
  users,
  groups,
  invitations,
  activations,
  access,
  audit,
  accounts,
  handhelds,
  policies,
  queue,
  rollovers,
  deliveries,
  watches,
  mail,
  relay,
  retention,
}

export const aggregateNames = Object.keys(aggregates) as AggregateName[]

type Method = (...args: unknown[]) => unknown

/** Every method of every aggregate on one connection, found by name. */
export function methodsOn(db: Db): (aggregate: AggregateName, method: string) => Method {
  const made = new Map<string, object>(aggregateNames.map((name) => [name, aggregates[name].make(db)]))
  return (aggregate, method) => {
    const found: unknown = Reflect.get(made.get(aggregate) ?? {}, method)
    if (typeof found !== 'function') throw new Error(`no such store method: ${aggregate}.${method}`)
    return (...args) => found(...args)
  }
}
