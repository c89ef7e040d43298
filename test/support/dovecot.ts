// A real Dovecot on loopback with the configuration in docker/dovecot, one per test.

import { randomBytes } from 'node:crypto'
import { appendFile, chmod, chown, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { dockerFile, type PeerDirectory, type PeerTls, peerDirectory, renderConfig } from './peer-config.ts'
import { firstLine, greetedBy, loopback, PortTaken, withFreePorts } from './ports.ts'
import { run, type Started, start } from './process.ts'

export interface MailUser {
  /** The whole address is the log-in name. */
  readonly address: string
  readonly password: string
}

export interface DovecotOptions {
  readonly users: readonly MailUser[]
  /** Mail domain; `example.test` without it. */
  readonly domain?: string
  /** Offers STARTTLS and implicit TLS; without it there is neither. */
  readonly tls?: PeerTls
  /** A Sieve script that every mail goes through at delivery; needs the peer dovecot-sieve. */
  readonly sieve?: string
  /** Tells Postkey of each mail by `push.lua`: the URL of its hook, and the file with the token. */
  readonly push?: { readonly url: string; readonly tokenFile: string }
  /** Takes access tokens as well. */
  readonly oauth2?: DovecotOauth2
  /** What a site adds of its own, after the rest. */
  readonly config?: string
}

export interface DovecotOauth2 {
  /** Where it asks about a token (RFC 7662). */
  readonly introspectionUrl: string
  /** `xoauth2 oauthbearer` without it. */
  readonly mechanisms?: string
  /** What of log-in name and token must be the same: `%Lu`, the whole name, without it; `%Ld`: the domain. */
  readonly usernameFormat?: string
}

export interface Dovecot {
  readonly host: string
  /** Holds its configuration (`etc`), mail and state until it is stopped. */
  readonly directory: string
  readonly domain: string
  /** STARTTLS when there is a certificate; a password in the clear is accepted, as this is loopback. */
  readonly imapPort: number
  /** Implicit TLS; undefined without a certificate. */
  readonly imapsPort: number | undefined
  readonly lmtpPort: number
  /** Answers Postfix whether a recipient exists (policy protocol). */
  readonly policyPort: number
  /** May read every INBOX as `all/<address>`, and log in as any user (authzid, or `address*postkey`). */
  readonly serviceAccount: { readonly user: string; readonly pass: string }
  /**
   * Adds a user to the running server; up to a second until Dovecot looks at the file again. The mailbox comes into
   * being with the first mail or log-in.
   */
  addUser(user: MailUser): Promise<void>
  /** The master process; another one after `restart`. */
  pid(): number
  /** The last lines of the log. */
  logTail(lines?: number): string
  /** Ends it and every process of its at once, without a word to them. */
  kill(): Promise<void>
  /** Nothing of it runs any more, and every connection stays open; until `goOn`. */
  pause(): void
  goOn(): void
  /** Starts it again after `kill`, on the same ports and with the same mail. */
  restart(): Promise<void>
  /** Stops the server and removes all its mail. */
  stop(): Promise<void>
}

interface Account {
  readonly uid: number
  readonly gid: number
}

const serviceUser = 'postkey'
const standardDomain = 'example.test'
const oauth2File = 'etc/dovecot-oauth2.conf.ext'

/** Resolves when Dovecot accepts log-ins and LMTP, and has proved by its greeting that it is this one. */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  const directory = await peerDirectory('dovecot')
  try {
    const servicePass = randomBytes(12).toString('base64url')
    await layOut(directory, options, servicePass)
    const domain = options.domain ?? standardDomain
    return await withFreePorts(4, async ([imapPort = 0, lmtpPort = 0, policyPort = 0, imapsPort = 0]) => {
      const ports = { IMAP_PORT: imapPort, LMTP_PORT: lmtpPort, POLICY_PORT: policyPort }
      const launchIt = () => launch(directory, options, ports, options.tls && imapsPort)
      let server = await launchIt()
      return {
        host: loopback,
        directory: directory.path,
        domain,
        imapPort,
        imapsPort: options.tls && imapsPort,
        lmtpPort,
        policyPort,
        serviceAccount: { user: serviceUser, pass: servicePass },
        addUser: async (user) => {
          await appendFile(join(directory.path, 'etc/users'), userRow(user))
          await untilKnown(user.address, policyPort)
        },
        pid: () => server.pid,
        logTail: (lines = 40) => server.output().trimEnd().split('\n').slice(-lines).join('\n'),
        kill: async () => {
          process.kill(-server.pid, 'SIGKILL')
          await server.exited
        },
        pause: () => void process.kill(-server.pid, 'SIGSTOP'),
        goOn: () => void process.kill(-server.pid, 'SIGCONT'),
        restart: async () => {
          await removeLocks(join(directory.path, 'mail'))
          server = await launchIt()
        },
        stop: async () => {
          // Dovecot's master takes a second to say goodbye to its processes; their mail goes away with them.
          await server.stop(100)
          await directory.remove()
        },
      }
    })
  } catch (error) {
    await directory.remove()
    throw error
  }
}

async function layOut(directory: PeerDirectory, options: DovecotOptions, servicePass: string): Promise<void> {
  const at = (name: string): string => join(directory.path, name)
  const { uid, gid } = mailAccount()
  for (const name of ['etc', 'run', 'mail', 'service']) await mkdir(at(name))
  for (const name of ['mail', 'service']) await chown(at(name), uid, gid)
  await copyFile(dockerFile('dovecot/acl'), at('etc/acl'))
  await chmod(at('etc/acl'), 0o644)
  const service = { address: serviceUser, password: servicePass }
  const row = userRow(service, at('service'), 'userdb_namespace/root/disabled=no')
  await writeFile(at('etc/users'), row + options.users.map((user) => userRow(user)).join(''))
  await writeFile(at('etc/masters'), userRow(service))
  if (options.sieve !== undefined) await writeFile(at('etc/before.sieve'), options.sieve, { mode: 0o644 })
  if (options.push) await copyFile(dockerFile('dovecot/push.lua'), at('etc/push.lua'))
  if (options.oauth2) {
    const { introspectionUrl, usernameFormat = '%Lu' } = options.oauth2
    const values = { INTROSPECTION_URL: introspectionUrl, USERNAME_FORMAT: usernameFormat }
    await writeFile(at(oauth2File), await renderConfig(['dovecot/dovecot-oauth2.conf.ext'], values))
  }
  if (options.tls) {
    await writeFile(at('etc/cert.pem'), options.tls.cert)
    await writeFile(at('etc/key.pem'), options.tls.key, { mode: 0o600 })
  }
}

/** One row of a passwd-file. Base64, because a password may hold a colon. */
function userRow(user: MailUser, home = '', extra = ''): string {
  const password = Buffer.from(user.password).toString('base64')
  return `${user.address.toLowerCase()}:{PLAIN.B64}${password}::::${home}::${extra}\n`
}

/** Dovecot looks at the file at most once a second, so we ask the policy service until it has. */
async function untilKnown(address: string, policyPort: number): Promise<void> {
  for (let left = 60; left > 0; left -= 1) {
    const answer = await firstLine(policyPort, { say: policyRequest(address) })
    if (answer === 'action=DUNNO') return
    await after(50)
  }
  throw new Error(`Dovecot does not know ${address}`)
}

const policyRequest = (address: string): string =>
  `request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient=${address}\nsize=1\n\n`

const isRoot = (): boolean => process.getuid?.() === 0

// Started by root, mail belongs to Debian's `mail` (8:8 on every machine); otherwise to whoever runs the tests.
function mailAccount(): Account {
  if (isRoot()) return { uid: 8, gid: 8 }
  const { uid, gid } = userInfo()
  return { uid, gid }
}

async function launch(
  directory: PeerDirectory,
  options: DovecotOptions,
  ports: Readonly<Record<string, number>>,
  imapsPort: number | undefined,
): Promise<Started> {
  const instance = `postkey-${randomBytes(6).toString('hex')}`
  const file = join(directory.path, 'etc/dovecot.conf')
  await writeFile(file, await configuration(directory.path, instance, options, ports, imapsPort))
  const server = start('/usr/sbin/dovecot', ['-F', '-c', file])
  try {
    await server.waitFor(/ starting up for /)
    await greetedBy(server, ports.IMAP_PORT ?? 0, instance)
    return server
  } catch (error) {
    await server.stop()
    if (/Address already in use/.test(server.output())) throw new PortTaken('a port is in use')
    throw error
  }
}

async function configuration(
  path: string,
  instance: string,
  { domain = standardDomain, sieve, push, oauth2, config = '' }: DovecotOptions,
  ports: Readonly<Record<string, number>>,
  imapsPort: number | undefined,
): Promise<string> {
  const { uid, gid } = mailAccount()
  const templates = ['dovecot/dovecot.conf', 'dovecot/no-penalty.conf']
  const values: Record<string, string | number> = {
    INSTANCE: instance,
    RUN: join(path, 'run'),
    ETC: join(path, 'etc'),
    MAIL: join(path, 'mail'),
    MAIL_UID: uid,
    MAIL_GID: gid,
    LISTEN: loopback,
    DOMAIN: domain,
    HOST: `mail.${domain}`,
    ...ports,
  }
  if (sieve !== undefined) templates.push('dovecot/sieve.conf')
  if (push !== undefined) {
    templates.push('dovecot/push.conf')
    values.PUSH_URL = push.url
    values.PUSH_TOKEN = push.tokenFile
  }
  if (oauth2) {
    templates.push('dovecot/oauth2.conf')
    values.TOKEN_MECHANISMS = oauth2.mechanisms ?? 'xoauth2 oauthbearer'
  }
  if (imapsPort !== undefined) {
    templates.push('dovecot/tls.conf')
    values.IMAPS_PORT = imapsPort
    values.TLS_CERT = join(path, 'etc/cert.pem')
    values.TLS_KEY = join(path, 'etc/key.pem')
  }
  if (!isRoot()) {
    templates.push('dovecot/rootless.conf')
    values.USER = userInfo().username
    values.GROUP = await groupName()
  }
  return `${await renderConfig(templates, values)}\n${config}\n`
}

/** Dovecot waits two minutes for the lock of a process that died before it takes it for stale. */
async function removeLocks(mail: string): Promise<void> {
  const files = await readdir(mail, { recursive: true })
  for (const file of files.filter((name) => name.endsWith('.lock')))
    await rm(join(mail, file), { force: true })
}

async function groupName(): Promise<string> {
  return (await run('/usr/bin/id', ['-gn'])).stdout.trim()
}
