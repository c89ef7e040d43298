/** The embedded IMAP server, `bin/postkey imap` as it ships, against a socket that answers constants. */
import { exampleMail } from './ingress.ts'
import { type Helper, startHelper, startPostkey } from './support/helper.ts'
import { ImapClient } from './support/imap-client.ts'
import { compared, type Part, type PartOptions, type Row } from './support/part.ts'
import { inTurn, perSecond } from './support/rounds.ts'

const floorFile = new URL('./support/imap-floor.ts', import.meta.url)
const user = 'user@example.test'
const pipelined = 64
const commands = {
  status: 'STATUS INBOX (UIDNEXT UIDVALIDITY MESSAGES)',
  fetch: 'UID FETCH 1 (UID BODY.PEEK[])',
}

export const part: Part = {
  about: 'embedded IMAP STATUS and FETCH against a socket that answers constants',
  run: async (options) => {
    const postkey = await startPostkey('imap')
    let floor: Helper | null = null
    try {
      await postkey.admin.users.add({ address: user })
      const { password } = await postkey.admin.mailboxes.generatePassword(user)
      const client = await ImapClient.connect(postkey.ports.imap)
      await client.ask(`LOGIN ${user} "${password}"`)
      const mail = exampleMail()
      await client.ask(`APPEND INBOX {${mail.length}+}\r\n${mail}`)
      await client.ask('SELECT INBOX')
      const untagged = async (command: string) => {
        const answer = (await client.ask(command)).toString('latin1')
        return Buffer.from(answer.slice(0, answer.search(/T\d+ OK/)), 'latin1').toString('base64')
      }
      floor = await startHelper(floorFile, await untagged(commands.status), await untagged(commands.fetch))
      const bare = await ImapClient.connect((floor.ready as { port: number }).port)
      return await measure(options, client, bare)
    } finally {
      await floor?.stop()
      await postkey.stop()
    }
  },
}

async function measure(options: PartOptions, client: ImapClient, bare: ImapClient): Promise<Row[]> {
  const rounds = options.quick ? 5 : 11
  const roundMs = options.quick ? 60 : 400
  const rows: Row[] = []
  for (const [name, command] of Object.entries(commands))
    for (const atOnce of [1, pipelined]) {
      let work = 0
      const rate = (end: ImapClient) => async () => {
        const turns = await perSecond(roundMs, async () => void (await end.ask(command, atOnce)))
        if (end === client) work += Math.round((turns * roundMs * atOnce) / 1000)
        return turns * atOnce
      }
      const figures = await inTurn(options, rounds, { bare: rate(bare), embedded: rate(client) })
      rows.push(
        compared({
          name: `IMAP ${name.toUpperCase()}, ${atOnce === 1 ? 'one at a time' : `${atOnce} in flight`}`,
          unit: '1/s',
          values: figures.embedded,
          floors: figures.bare,
          floor: 'a socket that answers constants',
          work,
        }),
      )
    }
  return rows
}
