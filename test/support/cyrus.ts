// A real Cyrus IMAP on loopback with the configuration in docker/cyrus, one per test. Only root can start it: it runs
// in the root where peers.sh has unpacked it.

import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MailUser } from './dovecot.ts'
import { authenticateAs, imapLines, statuses } from './imap-lines.ts'
import {
  type ApartDirectory,
  apartDirectory,
  type PeerTls,
  renderConfig,
  runApart,
  startApart,
} from './peer-config.ts'
import { greetedBy, loopback, withFreePorts } from './ports.ts'
import type { Started } from './process.ts'

export interface CyrusOptions {
  readonly users: readonly MailUser[]
  /** The certificate is for 127.0.0.1. A password goes over TLS alone. */
  readonly tls: PeerTls & { readonly ca: string }
  /** Whether a mailbox comes into being with its first mail; the service account then has no right there. */
  readonly autocreate?: boolean
}

export interface Cyrus {
  readonly host: string
  readonly domain: string
  /** STARTTLS. */
  readonly imapPort: number
  /** Implicit TLS. */
  readonly imapsPort: number
  readonly lmtpPort: number
  /** Sees INBOXes as `user/<address>` and may log in as any user (authzid). It is no administrator. */
  readonly serviceAccount: Account
  /** Runs commands as the administrator; throws when one is refused. */
  administer(commands: readonly string[]): Promise<readonly string[]>
  /** Adds a user, with an INBOX that the service account may work in. */
  addUser(user: MailUser): Promise<void>
  /** What clients and the MTA ended with; Cyrus itself logs to syslog alone. */
  output(): string
  /** Stops the server and removes all its mail. */
  stop(): Promise<void>
}

interface Account {
  readonly user: string
  readonly pass: string
}

const domain = 'example.test'
const serviceUser = 'postkey'
const adminUser = 'cyrus'
/** What the service account may do in an INBOX: look, read, set \Seen, delete and expunge. */
const serviceRights = 'lrste'
/** Debian's `mail`, as in the passwd of that root. */
const mail = { uid: 8, gid: 8 }

/** Resolves when Cyrus accepts log-ins and LMTP, has proved by its greeting that it is this one, and has its users. */
export async function startCyrus(options: CyrusOptions): Promise<Cyrus> {
  const directory = await apartDirectory('cyrus')
  try {
    const name = `postkey-${randomBytes(6).toString('hex')}.${domain}`
    const secret = (user: string): Account => ({ user, pass: randomBytes(12).toString('base64url') })
    const [service, admin] = [secret(serviceUser), secret(adminUser)]
    await layOut(directory, options.tls)
    for (const { user, pass } of [service, admin]) await setPassword(directory, user, name, pass)
    return await withFreePorts(3, async ([imapPort = 0, imapsPort = 0, lmtpPort = 0]) => {
      const ports = { IMAP_PORT: imapPort, IMAPS_PORT: imapsPort, LMTP_PORT: lmtpPort }
      const server = await launch(directory, name, options, ports)
      const administer: Cyrus['administer'] = (commands) =>
        asAdministrator(imapsPort, options.tls.ca, admin, commands)
      const addUser = async ({ address, password }: MailUser): Promise<void> => {
        const [local = ''] = address.split('@')
        await setPassword(directory, local, domain, password)
        if (options.autocreate) return
        const box = `user/${address}`
        await administer([`CREATE ${box}`, `SETACL ${box} ${serviceUser} ${serviceRights}`])
      }
      const stop = async (): Promise<void> => {
        await server.stop()
        await directory.remove()
      }
      try {
        for (const user of options.users) await addUser(user)
      } catch (error) {
        await stop()
        throw error
      }
      const places = { host: loopback, domain, imapPort, imapsPort, lmtpPort }
      return { ...places, serviceAccount: service, administer, addUser, output: server.output, stop }
    })
  } catch (error) {
    await directory.remove()
    throw error
  }
}

async function layOut(directory: ApartDirectory, tls: PeerTls): Promise<void> {
  const at = (name: string): string => join(directory.path, name)
  // Cyrus makes no directory of its state by itself; Debian's package brings these.
  const state = ['db', 'socket', 'proc', 'log', 'msg', 'lock'].map((name) => `state/${name}`)
  for (const name of ['etc', 'state', 'mail', ...state]) {
    await mkdir(at(name))
    await chown(at(name), mail.uid, mail.gid)
  }
  await writeFile(at('etc/cert.pem'), tls.cert)
  await writeFile(at('etc/key.pem'), tls.key, { mode: 0o600 })
  await chown(at('etc/key.pem'), mail.uid, mail.gid)
}

/** An account without a domain of its own has the server's name for one. */
async function setPassword(
  directory: ApartDirectory,
  user: string,
  realm: string,
  password: string,
): Promise<void> {
  const file = 'etc/sasldb2'
  const args = ['-p', '-c', '-f', join(directory.inside, file), '-u', realm, user]
  const { code, stderr } = await runApart('/usr/sbin/saslpasswd2', args, { input: password })
  if (code !== 0) throw new Error(`saslpasswd2: ${stderr}`)
  await chown(join(directory.path, file), mail.uid, mail.gid)
}

async function launch(
  directory: ApartDirectory,
  name: string,
  options: CyrusOptions,
  ports: Readonly<Record<string, number>>,
): Promise<Started> {
  const etc = join(directory.inside, 'etc')
  const imapd = await renderConfig(['cyrus/imapd.conf'], {
    STATE: join(directory.inside, 'state'),
    MAIL: join(directory.inside, 'mail'),
    USER: 'mail',
    GROUP: 'mail',
    HOST: name,
    ADMIN: adminUser,
    SERVICE: serviceUser,
    PASSWORDS: `${etc}/sasldb2`,
    TLS_CERT: `${etc}/cert.pem`,
    TLS_KEY: `${etc}/key.pem`,
    AUTOCREATE: options.autocreate ? 'yes' : 'no',
  })
  const services = { ETC: etc, LISTEN: loopback, LMTP_LISTEN: loopback, ...ports }
  await writeFile(join(directory.path, 'etc/imapd.conf'), imapd)
  await writeFile(join(directory.path, 'etc/cyrus.conf'), await renderConfig(['cyrus/cyrus.conf'], services))
  const args = ['-C', `${etc}/imapd.conf`, '-M', `${etc}/cyrus.conf`]
  const server = startApart('/usr/lib/cyrus/bin/master', [...args, '-p', join(directory.inside, 'pid')])
  try {
    await greetedBy(server, ports.IMAP_PORT ?? 0, name)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function asAdministrator(
  port: number,
  ca: string,
  admin: Account,
  commands: readonly string[],
): Promise<readonly string[]> {
  const lines = await imapLines(port, [authenticateAs('', admin), ...commands], { ca })
  if (statuses(lines).some((status) => status !== 'OK'))
    throw new Error(`Cyrus refused its administrator:\n${lines.join('\n')}`)
  return lines
}
