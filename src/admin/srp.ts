/** Servers at this installation's relay: their SRP ids, keys and domains. */
import { parseSrpId, type SrpId } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import type { SrpCases } from './admin.ts'
import { addressOf, shortened } from './lookup.ts'
import type { AdminParts, RelayNames } from './ports.ts'
import type { SrpView } from './views.ts'

const srpKeyBytes = 32

export function srpCases(parts: Pick<AdminParts, 'relay' | 'random' | 'log'>): SrpCases {
  const { random, log } = parts
  return {
    add: async (typed, domains, { replace = false } = {}) => {
      const relay = relayOf(parts)
      const srpId = srpIdOf(typed)
      const known = (await relay.list()).some((server) => server.srpId === srpId)
      if (known && !replace) throw new Fault('srp.exists', srpId)
      if (domains.length === 0) throw new Fault('admin.usage', 'name at least one mail domain')
      const srpKey = random.bytes(srpKeyBytes)
      await relay.register(srpId, srpKey, domains.map(canonicalDomain))
      log.info({ srp_id: srpId, domains: domains.length }, known ? 'server replaced' : 'server added')
      return { ...(await one(relay, srpId)), srpKey: toHex(srpKey) }
    },
    list: async () => [...(await relayOf(parts).list())],
    resume: async (typed) => {
      const relay = relayOf(parts)
      const srpId = srpIdOf(typed)
      await relay.resume(srpId)
      log.info({ srp_id: srpId }, 'server resumed')
      return one(relay, srpId)
    },
  }
}

function relayOf({ relay }: Pick<AdminParts, 'relay'>): RelayNames {
  if (relay) return relay
  throw new Fault('relay.elsewhere')
}

function srpIdOf(typed: string): SrpId {
  const srpId = parseSrpId(typed.trim().toUpperCase())
  if (srpId) return srpId
  throw new Fault('srp.invalid', shortened(typed))
}

/** A domain has the form it has in a canonical address. */
function canonicalDomain(typed: string): string {
  const address = addressOf(`x@${typed.trim()}`)
  return address.slice(address.indexOf('@') + 1)
}

async function one(relay: RelayNames, srpId: SrpId): Promise<SrpView> {
  const found = (await relay.list()).find((server) => server.srpId === srpId)
  if (found) return found
  throw new Fault('srp.unknown', srpId)
}
