/** The relay of this installation: its identity, the server it knows from the start, and where its mail goes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '#config/schema.ts'
import { assert } from '#kernel/assert.ts'
import { parseRelayId, parseSrpId, type RelayId, type SrpId } from '#kernel/brand.ts'
import { isLoopback } from '#kernel/loopback.ts'
import { registerServerBySrpKey } from '#relay/administration.ts'
import { ensureRelayIdentity, type RelayIdentity } from '#relay/identity.ts'
import type { RelayServer } from '#relay/server.ts'
import { defaultRelaySettings } from '#relay/settings.ts'
import type { Base } from './base.ts'
import { ownSrpKey } from './secrets.ts'
import { relayRoutes } from './smtp-routes.ts'
import { dialHost, tlsFor, trustIn } from './tls.ts'

export const ownRelayId = (config: Config): RelayId => {
  const id = parseRelayId(config.relay.id)
  assert(id, 'the configuration checks the relay id')
  return id
}

export const ownSrpId = (config: Config): SrpId => {
  const id = parseSrpId(config.relay_client.srp_id)
  assert(id, 'the configuration checks the SRP id')
  return id
}

export const openRelayIdentity = (base: Base): Promise<RelayIdentity> =>
  ensureRelayIdentity(
    { store: base.store.relay, vault: base.vault, random: base.random, nowMs: base.clock.nowMs() },
    ownRelayId(base.config),
  )

/** @param smtpPort where the embedded SMTP server listens, for mail that goes there */
export async function startRelayRole(base: Base, smtpPort: number): Promise<RelayServer> {
  const { config, store, vault, clock, random, failpoint } = base
  const identity = await openRelayIdentity(base)
  await registerOwnServer(base)
  const tls = await tlsFor(base, config.relay, config.relay.id)
  const relay = await base.edge.startRelayServer({
    store: store.relay,
    vault,
    identity,
    settings: {
      ...defaultRelaySettings,
      transactionsPerPinHour: config.relay.transactions_per_pin_hour,
      mailsPerAddressHour: config.relay.mails_per_address_hour,
      envelopeSender: config.relay.smtp.sender === '' ? null : config.relay.smtp.sender.replace(/^<>$/, ''),
      enrolmentsPerNetworkHour: isLoopback(config.relay.host)
        ? config.relay.loopback_enrolments_per_hour
        : config.relay.enrolments_per_hour,
    },
    clock,
    random,
    failpoint,
    log: base.log.with({ role: 'relay' }),
    host: config.relay.host,
    port: config.relay.port,
    tls,
    mail: relayRoutes(base, smtpPort),
  })
  writeTrust(base, relay.port)
  return relay
}

/** The installation's own server is known to its own relay; others are added by `postkey srp add`. */
async function registerOwnServer(base: Base): Promise<void> {
  const { config, store, vault, clock } = base
  if (config.relay_client.url) return
  await registerServerBySrpKey(
    { store: store.relay, vault, nowMs: clock.nowMs() },
    {
      srpId: ownSrpId(config),
      srpKey: await ownSrpKey(base),
      relayId: ownRelayId(config),
      domains: config.server.domains,
    },
  )
}

/** What a handheld beside this server needs to find and trust the relay; docs/how-to/trust-a-relay.md. */
function writeTrust(base: Base, port: number): void {
  const { config } = base
  const directory = config.server.data_dir
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const caFile = join(directory, 'relay-ca.pem')
  const { ca } = trustIn(base, config.relay, config.relay_client.ca_file)
  if (ca === undefined) rmSync(caFile, { force: true })
  else writeFileSync(caFile, ca)
  const trust = {
    relay_url: `wss://${dialHost(config.relay.host)}:${port}`,
    relay_id: config.relay.id,
    ca_file: ca === undefined ? null : caFile,
  }
  writeFileSync(join(directory, 'handheld.json'), `${JSON.stringify(trust, null, 2)}\n`)
}
