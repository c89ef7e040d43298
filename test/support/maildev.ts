// The test mail server `maildev` as a process of its own, forwarding what it receives to another SMTP server.

import { fileURLToPath } from 'node:url'
import { peerDirectory } from './peer-config.ts'
import { greeting, loopback, PortTaken, withFreePorts } from './ports.ts'
import { type Started, start } from './process.ts'

export interface MaildevOptions {
  /** The SMTP server that gets every message, for the recipients it came with. */
  readonly relayTo: {
    readonly host: string
    readonly port: number
    /** File of the CA that signs its certificate, PEM: maildev uses STARTTLS wherever it is offered. */
    readonly caFile?: string
  }
  /** Where it listens; any free port without it. */
  readonly smtpPort?: number
}

export interface Maildev {
  readonly host: string
  readonly smtpPort: number
  logTail(lines?: number): string
  stop(): Promise<void>
}

/** Resolves when maildev accepts mail. It acknowledges a message before it has forwarded it. */
export async function startMaildev(options: MaildevOptions): Promise<Maildev> {
  const directory = await peerDirectory('maildev')
  try {
    return await withFreePorts(1, async ([freePort = 0]) => {
      const smtpPort = options.smtpPort ?? freePort
      const server = await launch(directory.path, smtpPort, options)
      return {
        host: loopback,
        smtpPort,
        logTail: (lines = 40) => server.output().trimEnd().split('\n').slice(-lines).join('\n'),
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

async function launch(path: string, smtpPort: number, options: MaildevOptions): Promise<Started> {
  const program = fileURLToPath(new URL('./bin/maildev.js', import.meta.resolve('maildev')))
  const flags = ['--ip', loopback, '--smtp', String(smtpPort), '--disable-web', '--verbose']
  const { host, port, caFile } = options.relayTo
  const outgoing = ['--outgoing-host', host, '--outgoing-port', String(port)]
  // maildev looks for a configuration file upwards from where it runs, so it runs in its own directory.
  const server = start(
    process.execPath,
    [program, ...flags, ...outgoing, '--mail-directory', path, '--auto-relay'],
    { cwd: path, ...(caFile ? { env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile } } : {}) },
  )
  try {
    await server.waitFor(/Press Ctrl\+C/)
    await greeting(smtpPort, () => true)
    return server
  } catch (error) {
    await server.stop()
    if (/EADDRINUSE|already in use/i.test(server.output())) throw new PortTaken('the port is in use')
    throw error
  }
}
