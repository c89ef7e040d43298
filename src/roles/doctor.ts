/** The doctor of this process: what it looks at with this configuration, beside a running agent or without one. */
import { randomUUID } from 'node:crypto'
import type { Admin, DoctorOptions } from '#admin/admin.ts'
import { fine, fromFault } from '#admin/check.ts'
import { queueChecks } from '#admin/policy/status.ts'
import type { DatabaseCare } from '#admin/ports.ts'
import { noServerCheck, tryWrite, watchChecks, workChecks } from '#admin/status.ts'
import type { Check, DoctorNote } from '#admin/views.ts'
import type { Rung } from '#agent/watch/choose.ts'
import { brokenFiles } from '#config/secret-file.ts'
import { flyCanary } from '#doctor/canary.ts'
import { checkDelivery } from '#doctor/delivery.ts'
import { checkDirectory } from '#doctor/directory.ts'
import { checkEndpoint, checkFree } from '#doctor/endpoint.ts'
import { examine, type Look } from '#doctor/examine.ts'
import { checkWatchedMail } from '#doctor/imap.ts'
import {
  checkClock,
  checkConfiguration,
  checkDatabase,
  checkDataDirectory,
  checkDisk,
  checkOwnCertificates,
  checkStorageKey,
} from '#doctor/machine.ts'
import { checkMailRoute } from '#doctor/smtp.ts'
import { openVaultFrom } from '#edge/storage-key-source.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { silentLog } from '#kernel/log.ts'
import type { MailboxAccess } from '#mailbox/access.ts'
import type { MailboxAbilities } from '#mailbox/mailbox.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { AgentRole, Ports } from './agent-role.ts'
import { relayAccess } from './agent-role.ts'
import type { Base } from './base.ts'
import { deliveryName, openDelivery } from './delivery.ts'
import { directoryOf } from './directory.ts'
import { foreignRelay, imapEndpoint, mailRoutes, ownListeners } from './doctor-endpoints.ts'
import { ownCertificates } from './own-certificates.ts'
import { storageKeySource } from './storage-key.ts'
import { ladderFor, type WatchedServer, watchedServer, watchWords } from './watch-options.ts'

/** What the doctor may ask of the server it is part of. */
export interface Patient {
  readonly base: Base
  readonly database: DatabaseCare
  /** What the process says of its parts. */
  readonly health: () => readonly Check[]
  readonly ports: () => Ports
  /** Null where no agent runs in this process. */
  readonly agent: () => AgentRole | null
  readonly admin: () => Pick<Admin, 'users' | 'passwords'>
  /** False for a command that opened the store itself. */
  readonly serving: boolean
}

type Doctor = (options: DoctorOptions, signal: AbortSignal) => AsyncIterable<DoctorNote>

/** One round at a time: two canaries would take each other's password. */
export function makeDoctor(patient: Patient): Doctor {
  let before: Promise<void> = Promise.resolve()
  return async function* (options, signal) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const turn = before
    before = turn.then(() => promise)
    try {
      await turn
      if (signal.aborted) return
      const canary = await canaryAddress(patient)
      const looks = [...(await looksAt(patient, canary)), ...canaryLooks(patient, options, canary)]
      const fly = canary && patient.agent() ? flight(patient, canary) : null
      yield* examine({ clock: patient.base.clock, looks, canary: fly }, options, signal)
    } finally {
      resolve()
    }
  }
}

/** The mailbox kept for it; of the embedded mail server, one that nobody has. */
async function canaryAddress({ base }: Patient): Promise<MailAddress | null> {
  const { doctor, imap, server } = base.config
  const typed =
    doctor.canary || (imap.host ? '' : `postkey-canary-${randomUUID().slice(0, 8)}@${server.domains[0]}`)
  const canonical = canonicalEmail(typed)
  return canonical.ok ? canonical.value : null
}

/** Why there will be none, where somebody wants one. */
function canaryLooks(patient: Patient, options: DoctorOptions, canary: MailAddress | null): Look[] {
  if (!options.canary) return []
  if (canary === null)
    return [{ at: 'canary', look: async () => [fromFault('canary', 'attention', 'doctor.no_canary')] }]
  if (patient.agent()) return []
  const says = 'Not made: no agent runs in the process that was asked.'
  return patient.serving ? [{ at: 'canary', look: async () => [fine('canary', says)] }] : []
}

async function looksAt(patient: Patient, canary: MailAddress | null): Promise<Look[]> {
  const { base } = patient
  const { config, clock } = base
  const ports = patient.ports()
  const users = (await base.store.users.list()).map(({ address }) => address)
  const configured = config.doctor.canary ? canary : null
  const knownIn = (domain: string | null): MailAddress | null =>
    [...(configured ? [configured] : []), ...users].find(
      (address) => domain === null || address.endsWith(`@${domain}`),
    ) ?? null
  const routes = mailRoutes(base, ports, knownIn)
  return [
    ...(patient.serving ? [] : [{ at: 'server', look: async () => [noServerCheck] }]),
    ...machineLooks(patient),
    ...ownListeners(base, ports)
      .filter(({ name }) => !patient.serving || !routes.some(({ endpoint }) => endpoint.name === name))
      .map(
        (endpoint): Look => ({
          at: endpoint.name,
          look: async () => [
            patient.serving ? await checkEndpoint(endpoint, clock.nowMs()) : await checkFree(endpoint),
          ],
        }),
      ),
    ...foreignRelay(base).map(
      (endpoint): Look => ({
        at: endpoint.name,
        look: async () => [await checkEndpoint(endpoint, clock.nowMs())],
      }),
    ),
    {
      at: 'IMAP server',
      look: async () =>
        patient.serving || config.imap.host
          ? checkWatchedMail(
              {
                ...(await watchedMail(patient)),
                endpoint: imapEndpoint(base, ports),
                account: config.imap.user,
                sample: knownIn(null),
                deletes: config.agent.etp_mail === 'delete',
                watched: (access, abilities) =>
                  watchWords(config, ladderOf(patient, access, abilities, users.length)),
              },
              clock.nowMs(),
            )
          : [],
    },
    ...directoryLook(base),
    ...deliveryLook(base, knownIn(null)),
    ...routes.map(
      (route): Look => ({
        at: route.endpoint.name,
        look: async () =>
          patient.serving || config.relay.smtp.host ? checkMailRoute(route, clock.nowMs()) : [],
      }),
    ),
    { at: 'agent', look: async () => agentChecks(patient) },
  ]
}

/** As the agent has climbed it, or, where none runs, as it would. */
const ladderOf = (
  { base, agent }: Patient,
  access: MailboxAccess,
  abilities: MailboxAbilities,
  mailboxes: number,
): readonly Rung[] => agent()?.ladder().rungs ?? ladderFor(base.config, access, abilities, mailboxes)

/** The agent's own way, so that nobody else uses up a refresh token; without an agent one like it. */
const watchedMail = async ({ base, agent, ports }: Patient): Promise<WatchedServer> =>
  agent()?.mail ?? (await watchedServer(base, ports().imap))
/** Two of them are less than a look may take. */
const doctorStepMs = 10_000

/** A connection of its own, also where the running server has some: the doctor may run in another process. */
function deliveryLook(base: Base, sample: MailAddress | null): Look[] {
  if (base.config.delivery.to === 'store') return []
  const name = deliveryName(base.config)
  const look = async (): Promise<Check[]> => {
    const { deliverer } = await openDelivery(base, silentLog, doctorStepMs)
    try {
      return await checkDelivery(name, deliverer, sample)
    } finally {
      await deliverer.close()
    }
  }
  return [{ at: 'delivery', look }]
}

function directoryLook({ config }: Base): Look[] {
  const open = directoryOf(config)
  return open ? [{ at: 'directory', look: async () => [await checkDirectory(open)] }] : []
}

function machineLooks({ base, database, agent }: Patient): Look[] {
  const { config, store, clock, loaded } = base
  return [
    {
      at: 'configuration',
      look: async () => {
        const { mistakes, warnings } = brokenFiles(config)
        const said = mistakes.map(({ key, says }) => `${key} ${says}`)
        return [checkConfiguration(loaded.file, said, [...loaded.warnings, ...warnings])]
      },
    },
    { at: 'data directory', look: async () => [checkDataDirectory(config.server.data_dir)] },
    { at: 'disk', look: async () => [checkDisk(config.server.data_dir, config.doctor.disk_free_mib)] },
    {
      at: 'database',
      look: async () => [await checkDatabase(database, () => tryWrite({ store }), clock)],
    },
    {
      at: 'storage key',
      look: async () => {
        const source = storageKeySource(config)
        const path = source.kind === 'file' ? source.path : null
        const open = () => openVaultFrom(source, store.installation, base.random)
        return [await checkStorageKey(path, open)]
      },
    },
    {
      at: 'clock',
      look: async () => {
        const setByMs =
          clock.nowMs() - base.startedAt.wallMs - (clock.monotonicMs() - base.startedAt.monotonicMs)
        return [checkClock(setByMs, agent()?.relayAheadMs() ?? null)]
      },
    },
    { at: 'own certificates', look: async () => [certificatesCheck(base)] },
  ]
}

const certificatesCheck = (base: Base): Check =>
  checkOwnCertificates(ownCertificates(base), base.clock.nowMs())

/** The agent's connections, the mailboxes and what waits; in the words of `status`. */
async function agentChecks({ base, health, serving }: Patient): Promise<Check[]> {
  const { store, config, clock } = base
  const nowMs = clock.nowMs()
  const parts = { store, scanIntervalSeconds: config.agent.scan_interval_seconds }
  return [
    ...(serving ? health() : []),
    ...(await workChecks(parts, nowMs)),
    ...(await backlogChecks(base, nowMs)),
    ...(await queueChecks({ store, cutOffMs: config.policy.cut_off_hours * 3_600_000 }, nowMs)),
    ...(await watchChecks(parts, nowMs)),
  ]
}

const overdueMs = 60_000
const backlogMax = 1_000

async function backlogChecks({ store }: Base, nowMs: number): Promise<Check[]> {
  const overdue = await store.deliveries.due(nowMs - overdueMs, backlogMax)
  const [first] = overdue
  if (!first) return [fine('deliveries', 'None is overdue.')]
  const says = `${overdue.length === backlogMax ? 'more than ' : ''}${overdue.length} overdue`
  return [fromFault('deliveries', 'attention', 'relay.unreachable', first.nextAtMs, says)]
}

const flight = (patient: Patient, address: MailAddress) =>
  async function* (signal: AbortSignal): AsyncGenerator<DoctorNote> {
    const { base } = patient
    const { config, store, clock, random } = base
    const ports = patient.ports()
    const { url, relayId, ca } = await relayAccess(base, ports)
    yield* flyCanary(
      {
        store,
        clock,
        random,
        address,
        admin: patient.admin(),
        version: '1.0',
        relay: { url, relayId, ...(ca === undefined ? {} : { ca }) },
        ownRelay: config.relay_client.url === '',
        embedded: config.imap.host === '',
        mail: { ...(await watchedMail(patient)), junk: config.imap.junk || 'Junk' },
        timeoutMs: config.doctor.canary_seconds * 1000,
        mailboxFault: () => patient.agent()?.path(address).mailbox.fault?.code ?? null,
      },
      signal,
    )
  }
