/** SMTP ingress: `bin/postkey smtp` as it ships against smtp-server alone, and against one commit per mail. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Helper, startHelper, startPostkey, temporaryDirectory } from './support/helper.ts'
import { atLeast, compared, type Part, type PartOptions, type Row } from './support/part.ts'
import { inTurn } from './support/rounds.ts'
import { mailsPerSecond } from './support/smtp-client.ts'

const connectionsMany = 50
const floor = new URL('./support/smtp-floor.ts', import.meta.url)

/** The mail of an activation, as it comes from the relay. */
export const exampleMail = (): string => {
  const text = readFileSync(join(import.meta.dirname, '..', 'test', 'vectors', 'example-mail.eml'), 'latin1')
  return text.replace(/\r?\n/g, '\r\n')
}

export const part: Part = {
  about: 'SMTP ingress, durable, in a process of its own, against a sink that keeps nothing',
  run: async (options) => {
    const directory = temporaryDirectory()
    const sink = await startHelper(floor, 'sink')
    const committing = await startHelper(floor, 'commit', directory)
    const postkey = await startPostkey('smtp')
    try {
      const users = Array.from({ length: connectionsMany }, (_, i) => `user${i}@example.test`)
      const added = postkey.admin.users.import(users.map((address) => ({ address })))
      for await (const { fault } of added) if (fault) throw new Error(`${fault.code} ${fault.detail}`)
      return await measure(options, users, { sink, committing, ingress: postkey.ports.smtp })
    } finally {
      await postkey.stop()
      await committing.stop()
      await sink.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

interface Servers {
  readonly sink: Helper
  readonly committing: Helper
  readonly ingress: number
}

const portOf = ({ ready }: Helper): number => (ready as { port: number }).port

async function measure(options: PartOptions, users: readonly string[], servers: Servers): Promise<Row[]> {
  const rounds = options.quick ? 5 : 9
  const roundMs = options.quick ? 150 : 1_000
  const text = exampleMail()
  let mails = 0
  const rate = (port: number, connections: number) => async () => {
    const result = await mailsPerSecond(port, users.slice(0, connections), text, roundMs)
    if (port === servers.ingress) mails += result.mails
    return result.rate
  }
  const sinkPort = portOf(servers.sink)
  options.say(`${connectionsMany} connections`)
  const many = await inTurn(options, rounds, {
    sink: rate(sinkPort, connectionsMany),
    ingress: rate(servers.ingress, connectionsMany),
  })
  const mailsMany = mails
  mails = 0
  options.say('1 connection')
  const one = await inTurn(options, rounds, {
    sink: rate(sinkPort, 1),
    commit: rate(portOf(servers.committing), 1),
    ingress: rate(servers.ingress, 1),
  })
  const common = { unit: 'mails/s', floor: 'bare smtp-server sink' }
  return [
    compared({
      ...common,
      name: `ingress, ${connectionsMany} connections`,
      values: many.ingress,
      floors: many.sink,
      work: mailsMany,
      target: atLeast(0.5),
    }),
    compared({
      ...common,
      name: 'ingress, 1 connection',
      values: one.ingress,
      floors: one.sink,
      work: mails,
    }),
    compared({
      ...common,
      name: 'ingress, 1 connection, against commits',
      values: one.ingress,
      floors: one.commit,
      floor: 'smtp-server with one FULL commit per mail',
      work: mails,
      target: atLeast(0.8),
    }),
  ]
}
