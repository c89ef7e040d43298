/** What the agent says of its connections, for `status`. */

import type { AgentFacts } from '#activation/path.ts'
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import type { Agent } from '#agent/agent.ts'
import { titles } from '#agent/watch/choose.ts'
import type { Watching } from '#agent/watching.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import type { Base } from './base.ts'
import { watchLine } from './watch-options.ts'

export function agentHealth(base: Base, agent: Agent, watching: Watching): readonly Check[] {
  return [
    relayCheck(base, agent),
    ...refusedDomains(agent),
    ...connectionChecks(base, watching),
    ...watchChecks(base, watching),
    ...mailboxChecks(watching),
  ]
}

/** How mailboxes are watched, and what is not as good as it should be. */
function watchChecks({ config }: Base, watching: Watching): Check[] {
  const { rungs, canaryRefused } = watching.ladder()
  const failed = rungs.filter(({ use }) => use === 'failed')
  const unproved = canaryRefused
    ? ` Not proved by a canary: none could be put into the mailbox of \`[doctor] canary\` (${canaryRefused}).`
    : ''
  return [
    fine('mail watch', watchLine(config, rungs) + unproved),
    ...failed.map(
      ({ strategy, sinceMs }): Check => ({
        ...broken('watch.not_told'),
        name: `mail watch by ${titles[strategy]}`,
        health: 'attention',
        sinceMs,
      }),
    ),
  ]
}

/** The same for one user's way, as `activation explain` wants it. */
export function agentFacts(base: Base, agent: Agent, watching: Watching, owner: MailAddress): AgentFacts {
  const { fault, ...look } = watching.lookAt(owner)
  const { stage, code, sinceMs, retryAtMs } = agent.relayState()
  const lateBeforeMs = base.clock.nowMs() - 2 * base.config.agent.scan_interval_seconds * 1000
  return {
    mailbox: { ...look, lateBeforeMs, fault: fault && { code: fault.code, sinceMs: fault.sinceMs } },
    link: { stage, code, sinceMs, retryAtMs },
  }
}

/** Said only while there are too few. */
export const descriptorChecks = (scarceSinceMs: number | null): readonly Check[] =>
  scarceSinceMs === null
    ? []
    : [{ ...broken('process.descriptors'), name: 'descriptors', sinceMs: scarceSinceMs }]

/** A server may have hundreds of mail domains. */
const namedMax = 3

const words = (domains: readonly string[]): string =>
  domains.length === 0
    ? 'no domain'
    : domains.length <= namedMax
      ? domains.join(', ')
      : `${domains.slice(0, namedMax).join(', ')} and ${domains.length - namedMax} more`

function relayCheck(base: Base, agent: Agent): Check {
  const { stage, code, detail, sinceMs } = agent.relayState()
  const { relay, relay_client: client, server } = base.config
  const name = `relay ${client.relay_id || relay.id}`
  const served = server.domains.filter((domain) => !agent.refusedDomains().includes(domain))
  const says = `Logged in as ${client.srp_id}, for mail to ${words(served)}.`
  if (stage === 'ready') return { name, health: 'ok', says, code: null, next: null, sinceMs }
  const row = code && faultRow(code)
  return {
    name,
    health: stage === 'connecting' ? 'attention' : 'broken',
    says: [row?.says ?? 'Connecting.', detail].filter((text) => text).join(' '),
    code,
    next: row?.next ?? null,
    sinceMs,
  }
}

/** Said only while the mail server grants fewer connections than are configured. */
function connectionChecks({ config }: Base, watching: Watching): Check[] {
  const { limited, max, open, away } = watching.poolStats()
  if (away) return [fromFault('IMAP server', 'broken', away.code, away.sinceMs, away.detail)]
  if (!limited) return []
  const says = `${open} open; at most ${max} of ${config.agent.connections} are tried now`
  return [fromFault('IMAP connections', 'attention', 'imap.too_many_connections', null, says)]
}

const refusedDomains = (agent: Agent): Check[] =>
  agent
    .refusedDomains()
    .map((domain) => ({ ...broken('relay.domain_refused'), name: `mail domain ${domain}` }))

function broken(code: FaultCode): Omit<Check, 'name'> {
  const { says, next } = faultRow(code)
  return { health: 'broken', says, code, next, sinceMs: null }
}

/** Folders that cannot be read, and those from which activation mails cannot be removed. */
function mailboxChecks(watching: Watching): Check[] {
  const { faults, notRemoved } = watching.mailboxState()
  const check = ({ owner, folder, code, sinceMs }: (typeof faults)[number]): Check => ({
    ...broken(code),
    name: `mailbox ${owner}/${folder}`,
    sinceMs,
  })
  const mild = (fault: (typeof faults)[number]): Check => ({ ...check(fault), health: 'attention' })
  return [
    // A mailbox that had no mail yet need not exist.
    ...faults.map((fault) => (fault.code === 'imap.no_mailbox' ? mild(fault) : check(fault))),
    ...notRemoved.map(mild),
  ]
}
