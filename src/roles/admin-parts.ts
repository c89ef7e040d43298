/** What the administrator's use cases work with in this process. */

import type { Admin } from '#admin/admin.ts'
import type { AdminParts, DatabaseCare, MailAccounts, RelayNames } from '#admin/ports.ts'
import type { Check } from '#admin/views.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { hashPassword } from '#crypto/password-hash.ts'
import { listServers, registerServerBySrpKey, resumeServer } from '#relay/administration.ts'
import { finishBackup, newBackupFile, newestVersion, verifyDatabase } from '#store/sqlite/care.ts'
import type { AgentRole, Ports } from './agent-role.ts'
import type { Base } from './base.ts'
import { directoryOf } from './directory.ts'
import { makeDoctor } from './doctor.ts'
import { invitationOffice } from './invitations.ts'
import { suitesOf } from './key-terms.ts'
import { ownCertificates } from './own-certificates.ts'
import { ownRelayId, ownSrpId } from './relay-role.ts'
import { rotateStorageKey } from './rotate-storage-key.ts'

/** What the process tells of itself. */
export interface Process {
  health(): readonly Check[]
  /** As of `Patient`. */
  readonly ports: () => Ports
  readonly agent: () => AgentRole | null
  readonly admin: () => Pick<Admin, 'users' | 'passwords'>
  readonly serving: boolean
}

export const adminParts = (base: Base, process: Process): AdminParts => ({
  store: base.store,
  clock: base.clock,
  random: base.random,
  log: base.log.with({ role: 'admin' }),
  vault: base.vault,
  p256: nodeP256,
  stretchings: [base.edge.stretching],
  srpId: ownSrpId(base.config),
  domains: base.config.server.domains,
  suites: suitesOf(base.config),
  certificates: () => ownCertificates(base),
  rotateStorageKey: process.serving ? null : () => rotateStorageKey(base),
  passwordHours: base.config.activation.password_hours,
  handheldsPerUser: base.config.activation.handhelds_per_user,
  passwordTries: base.config.activation.password_tries,
  invitations: invitationOffice(base.config),
  scanIntervalSeconds: base.config.agent.scan_interval_seconds,
  cutOffMs: base.config.policy.cut_off_hours * 3_600_000,
  mail: base.config.imap.host ? null : mailAccounts(base),
  directory: directoryOf(base.config),
  vanishPercentMax: base.config.ldap.vanish_percent_max,
  relay: base.config.relay_client.url ? null : relayNames(base),
  database: databaseCare(base),
  health: process.health,
  agent: (owner) => process.agent()?.path(owner) ?? null,
  agentRuns: () => process.agent() !== null,
  mails: base.config.relay_client.url ? null : base.store.relay,
  doctor: makeDoctor({ ...process, base, database: databaseCare(base) }),
})

const mailAccounts = ({ store, clock, random }: Base): MailAccounts => ({
  create: (accounts) => store.mail.createAccounts(accounts, clock.nowMs()),
  readdress: async (address, main, aliases) => void (await store.mail.readdress(address, main, aliases)),
  remove: (address) => store.mail.removeAccount(address),
  setPassword: async (address, password) =>
    store.mail.setPassword(address, await hashPassword(password, random)),
})

const relayNames = ({ config, store, vault, clock }: Base): RelayNames => ({
  register: (srpId, srpKey, domains) =>
    registerServerBySrpKey(
      { store: store.relay, vault, nowMs: clock.nowMs() },
      { srpId, srpKey, domains, relayId: ownRelayId(config) },
    ),
  list: () => listServers(store.relay),
  resume: (srpId) => resumeServer(store.relay, srpId),
})

/** The schema was brought up to date when the store was opened: what is left is to say so. */
const databaseCare = ({ config, store, migrated }: Base): DatabaseCare => ({
  backup: async (path) => {
    newBackupFile(path)
    await store.backup(path)
    return { path, bytes: finishBackup(path) }
  },
  verify: async () => {
    const problems = verifyDatabase(config.store.path)
    return { good: problems.length === 0, problems }
  },
  migrate: async () => ({ applied: migrated, version: newestVersion() }),
})
