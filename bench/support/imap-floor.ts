/** What IMAP is held against, in a process of its own: a socket that answers each line with constants. */
import { createServer } from 'node:net'
import { sayReady } from './helper.ts'

const [status = '', fetch = ''] = process.argv.slice(2)
const answers = { status: Buffer.from(status, 'base64'), fetch: Buffer.from(fetch, 'base64') }

const server = createServer((socket) => {
  let rest = ''
  socket.setNoDelay(true)
  socket.setEncoding('latin1')
  socket.on('error', () => {})
  socket.write('* OK ready\r\n')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\r\n')
    rest = lines.pop() ?? ''
    const out = lines.flatMap((line) => [
      line.includes(' STATUS ') ? answers.status : answers.fetch,
      Buffer.from(`${line.slice(0, line.indexOf(' '))} OK done\r\n`, 'latin1'),
    ])
    socket.write(Buffer.concat(out))
  })
})
server.listen(0, '127.0.0.1', () => {
  const bound = server.address()
  sayReady({ port: typeof bound === 'object' && bound ? bound.port : 0 })
})
