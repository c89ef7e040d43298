/** A directory server that says what a test wants, on loopback, in clear. */

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { connectLdap, type LdapClient } from '#directory/ldap-client.ts'
import { answer, result } from './ber.ts'

export type Reply = (id: number, turn: number, socket: Socket) => Uint8Array | null

export interface FakeLdap {
  readonly url: string
  connections(): number
}

/** Takes each log-in; `reply` answers the searches, of which the first is turn 0. Null: no answer. */
export async function startFakeLdap(t: TestContext, reply: Reply): Promise<FakeLdap> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    let turn = 0
    socket.on('error', () => {})
    socket.on('data', (request) => {
      const id = request[4] ?? 0
      const operation = request[5]
      if (operation === 0x60) socket.write(answer(id, result(0x61, 0)))
      if (operation !== 0x63) return
      const said = reply(id, turn, socket)
      turn += 1
      if (said) socket.write(said)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `ldap://127.0.0.1:${port}`, connections: () => connections }
}

export async function connectTo(t: TestContext, { url }: FakeLdap, timeoutMs = 2_000): Promise<LdapClient> {
  const server = { url, starttls: false, bindDn: 'cn=postkey', bindPassword: 'secret', timeoutMs }
  const client = await connectLdap(server, new AbortController().signal)
  t.after(() => client.close())
  return client
}

export const search = {
  baseDn: 'dc=example',
  filter: '(mail=*)',
  attributes: ['mail', 'cn', 'entryUUID'],
  pageSize: 10,
  binary: ['entryUUID'],
}
