// A real Exim on loopback with the configuration in docker/exim, one per test. Only root can start it: it runs in the
// root where peers.sh has unpacked it.

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ApartDirectory,
  apartDirectory,
  type PeerTls,
  renderConfig,
  runApart,
  startApart,
} from './peer-config.ts'
import { greetedBy, loopback, PortTaken, withFreePorts } from './ports.ts'
import type { Started } from './process.ts'

export interface EximOptions {
  readonly domain: string
  /** Where mail for the domain goes; by SMTP over TLS that this CA has signed, for the name `localhost`. */
  readonly to: { readonly lmtpPort: number } | { readonly smtpPort: number; readonly ca: string }
  /** Offered by STARTTLS. */
  readonly tls: PeerTls
}

export interface Exim {
  readonly host: string
  readonly smtpPort: number
  /** Tries all mail in the queue now, also what is to wait longer. */
  flush(): Promise<void>
  /** The last lines of the mail log. */
  logTail(lines?: number): string
  /** Stops the server and removes its queue. */
  stop(): Promise<void>
}

const program = '/usr/sbin/exim4'
/** Debian-exim in the passwd of that root. */
const mail = { uid: 8, gid: 8 }

/** Resolves when Exim answers on its port and has proved by its greeting that it is this one. */
export async function startExim(options: EximOptions): Promise<Exim> {
  const directory = await apartDirectory('exim')
  try {
    await layOut(directory, options)
    return await withFreePorts(1, async ([smtpPort = 0]) => {
      const server = await launch(directory, options, smtpPort)
      return {
        host: loopback,
        smtpPort,
        flush: async () => {
          await runApart(program, ['-C', configurationFile(directory), '-qff'])
        },
        logTail: (lines) => logTail(directory, lines),
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

async function layOut(directory: ApartDirectory, { tls, to }: EximOptions): Promise<void> {
  const at = (name: string): string => join(directory.path, name)
  for (const name of ['etc', 'queue', 'log']) await mkdir(at(name))
  for (const name of ['queue', 'log']) await chown(at(name), mail.uid, mail.gid)
  await writeFile(at('etc/cert.pem'), tls.cert)
  await writeFile(at('etc/key.pem'), tls.key, { mode: 0o600 })
  await chown(at('etc/key.pem'), mail.uid, mail.gid)
  if ('ca' in to) await writeFile(at('etc/next-ca.pem'), to.ca)
}

const configurationFile = ({ inside }: ApartDirectory): string => join(inside, 'etc/exim.conf')

async function launch(directory: ApartDirectory, options: EximOptions, smtpPort: number): Promise<Started> {
  const instance = `postkey-${randomBytes(6).toString('hex')}`
  const file = join(directory.path, 'etc/exim.conf')
  await writeFile(file, await configuration(directory, options, instance, smtpPort))
  // Exim refuses a configuration that others could write.
  await chmod(file, 0o644)
  const server = startApart(program, ['-C', configurationFile(directory), '-bdf', '-q1s'])
  try {
    await greetedBy(server, smtpPort, instance)
    return server
  } catch (error) {
    await server.stop()
    const told = `${server.output()}\n${logTail(directory)}`
    if (/Address already in use/.test(told)) throw new PortTaken('the port is in use')
    throw error instanceof PortTaken ? error : new Error(`Exim did not start\n${told}`, { cause: error })
  }
}

function configuration(
  { inside }: ApartDirectory,
  { domain, to }: EximOptions,
  instance: string,
  smtpPort: number,
): Promise<string> {
  const values = {
    INSTANCE: instance,
    QUEUE: join(inside, 'queue'),
    LOG: join(inside, 'log'),
    HOST: `mx.${domain}`,
    DOMAIN: domain,
    LISTEN: loopback,
    SMTP_PORT: smtpPort,
    TLS_CERT: join(inside, 'etc/cert.pem'),
    TLS_KEY: join(inside, 'etc/key.pem'),
  }
  if ('lmtpPort' in to) {
    const next = { LMTP_HOST: loopback, LMTP_PORT: to.lmtpPort }
    return renderConfig(['exim/exim.conf', 'exim/lmtp.conf'], { ...values, ...next })
  }
  const next = { NEXT_HOST: 'localhost', NEXT_PORT: to.smtpPort, NEXT_CA: join(inside, 'etc/next-ca.pem') }
  return renderConfig(['exim/exim.conf', 'exim/smtp.conf'], { ...values, ...next })
}

function logTail(directory: ApartDirectory, lines = 40): string {
  const file = join(directory.path, 'log/mainlog')
  if (!existsSync(file)) return ''
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
