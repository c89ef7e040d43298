// A real Postfix on loopback with the configuration in docker/postfix, one per test. Only root can start it.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type PeerDirectory, type PeerTls, peerDirectory, renderConfig } from './peer-config.ts'
import { greetedBy, isTaken, loopback, PortTaken, withFreePorts } from './ports.ts'
import { type Started, start } from './process.ts'

export interface PostfixOptions {
  readonly domain: string
  /** Where mail for the domain goes: mailboxes by LMTP, or an SMTP server by TLS, `localhost` in its certificate. */
  readonly lmtp?: { readonly host: string; readonly port: number }
  readonly smtp?: {
    readonly port: number
    readonly ca: string
    /** Most recipients named at once; 50 without it. */
    readonly recipients?: number
  }
  /**
   * Asked before a recipient is accepted (Dovecot's policyPort); `next`: the server that mail goes to is asked.
   * Without it every recipient of the domain is.
   */
  readonly policy?: { readonly host: string; readonly port: number } | 'next'
  /** Offers STARTTLS. */
  readonly tls?: PeerTls
}

export interface Postfix {
  readonly host: string
  readonly smtpPort: number
  /** The master process. */
  readonly pid: number
  /** The last lines of the mail log. */
  logTail(lines?: number): string
  /** Stops the server and removes its queue. */
  stop(): Promise<void>
}

// Debian's daemon directory. `postfix start-fg` would put a shell between us and the master, and a signal that
// is meant for the master would stop at the shell.
const master = '/usr/lib/postfix/sbin/master'

const ownQueues = [
  'active',
  'bounce',
  'corrupt',
  'defer',
  'deferred',
  'flush',
  'hold',
  'incoming',
  'private',
  'saved',
  'trace',
]

/** Resolves when Postfix answers on its port and has proved by its greeting that it is this one. */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  const directory = await peerDirectory('postfix')
  const log = join(directory.path, 'mail.log')
  try {
    await layOut(directory, options)
    return await withFreePorts(1, async ([smtpPort = 0]) => {
      const server = await launch(directory, options, smtpPort)
      return {
        host: loopback,
        smtpPort,
        pid: server.pid,
        logTail: (lines = 40) => tail(log, lines),
        stop: async () => {
          await server.stop()
          await directory.remove()
        },
      }
    })
  } catch (error) {
    await directory.remove()
    throw error
  }
}

async function layOut(directory: PeerDirectory, options: PostfixOptions): Promise<void> {
  const at = (name: string): string => join(directory.path, name)
  for (const name of ['etc', 'queue', 'data']) await mkdir(at(name))
  await makeQueue(at('queue'), at('data'))
  if (options.smtp) await writeFile(at('etc/next-ca.pem'), options.smtp.ca, { mode: 0o644 })
  if (options.tls) {
    await writeFile(at('etc/cert.pem'), options.tls.cert)
    await writeFile(at('etc/key.pem'), options.tls.key, { mode: 0o600 })
  }
}

// What `postfix check` would make, in a tenth of the time. The uid of `postfix` and the gid of `postdrop` differ
// between machines; its package made this directory with both.
async function makeQueue(queue: string, data: string): Promise<void> {
  const { uid, gid } = await stat('/var/spool/postfix/maildrop')
  await chown(data, uid, gid)
  const make = async (name: string, mode: number, group: number): Promise<void> => {
    const path = join(queue, name)
    await mkdir(path)
    await chown(path, uid, group)
    await chmod(path, mode)
  }
  for (const name of ownQueues) await make(name, 0o700, 0)
  await make('maildrop', 0o730, gid)
  await make('public', 0o710, gid)
  await mkdir(join(queue, 'pid'))
}

async function launch(directory: PeerDirectory, options: PostfixOptions, smtpPort: number): Promise<Started> {
  const instance = `postkey-${randomBytes(6).toString('hex')}`
  const etc = join(directory.path, 'etc')
  await writeFile(join(etc, 'main.cf'), await mainConfiguration(directory.path, instance, options))
  const services = { LISTEN: loopback, SMTP_PORT: smtpPort }
  await writeFile(join(etc, 'master.cf'), await renderConfig(['postfix/master.cf'], services))
  // Postfix waits until its configuration has rested for two seconds; ours is complete now.
  const longAgo = new Date(Date.now() - 60_000)
  for (const name of ['main.cf', 'master.cf']) await utimes(join(etc, name), longAgo, longAgo)
  const server = start(master, ['-c', etc, '-s'], { env: { ...process.env, MAIL_CONFIG: etc } })
  try {
    await greetedBy(server, smtpPort, instance)
    return server
  } catch (error) {
    await server.stop()
    // Its master says nothing about a port in use: the log daemon would have been its first child.
    if (await isTaken(smtpPort)) throw new PortTaken('the port is in use')
    const log = tail(join(directory.path, 'mail.log'), 20)
    throw error instanceof PortTaken ? error : new Error(`Postfix did not start\n${log}`, { cause: error })
  }
}

function mainConfiguration(path: string, instance: string, options: PostfixOptions): Promise<string> {
  const { domain, lmtp, smtp, tls } = options
  const templates = ['postfix/main.cf']
  const values: Record<string, string | number> = {
    INSTANCE: instance,
    QUEUE: join(path, 'queue'),
    DATA: join(path, 'data'),
    LOG: join(path, 'mail.log'),
    NETWORKS: '127.0.0.0/8',
    DOMAIN: domain,
    HOST: `mx.${domain}`,
    RECIPIENT_CHECK: recipientCheck(options),
  }
  if (lmtp) {
    templates.push('postfix/lmtp.cf')
    values.LMTP = `${lmtp.host}:${lmtp.port}`
  }
  if (smtp) {
    templates.push('postfix/smtp.cf')
    values.NEXT_HOST = 'localhost'
    values.NEXT_PORT = smtp.port
    values.NEXT_CA = join(path, 'etc/next-ca.pem')
    values.NEXT_RECIPIENTS = smtp.recipients ?? 50
  }
  if (tls) {
    templates.push('postfix/tls.cf')
    values.TLS_CERT = join(path, 'etc/cert.pem')
    values.TLS_KEY = join(path, 'etc/key.pem')
  }
  return renderConfig(templates, values)
}

function recipientCheck({ policy }: PostfixOptions): string {
  if (policy === undefined) return ''
  return policy === 'next'
    ? 'reject_unverified_recipient'
    : `check_policy_service inet:${policy.host}:${policy.port}`
}

function tail(file: string, lines: number): string {
  if (!existsSync(file)) return ''
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
