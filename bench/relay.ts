/** The relay, which keeps each message on disk before it says so, against `ws` that sends each message back. */
import { rmSync } from 'node:fs'
import { WebSocket } from 'ws'
import { startHelper, temporaryDirectory } from './support/helper.ts'
import { atLeast, compared, type Part, type PartOptions, type Row } from './support/part.ts'
import { joinRelay } from './support/relay-ends.ts'
import type { RelayReady } from './support/relay-process.ts'
import { inTurn } from './support/rounds.ts'

const inFlight = 64
const handhelds = 8
const messageBytes = 1_024
const targets = { plain: 0.2, tls: 0.1 }
const relayFile = new URL('./support/relay-process.ts', import.meta.url)
const echoFile = new URL('./support/echo-process.ts', import.meta.url)

export const part: Part = {
  about: `the relay with SQLite FULL against a bare ws echo, 1 KiB messages, ${inFlight} in flight`,
  run: async (options) => {
    const directory = temporaryDirectory()
    const relay = await startHelper(relayFile, directory)
    const echo = await startHelper(echoFile)
    try {
      const rows: Row[] = []
      for (const how of ['plain', 'tls'] as const)
        rows.push(await measure(options, how, relay.ready as RelayReady, echo.ready as EchoReady))
      return rows
    } finally {
      await relay.stop()
      await echo.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

type EchoReady = Pick<RelayReady, 'plain' | 'tls' | 'ca'>

async function measure(
  options: PartOptions,
  how: 'plain' | 'tls',
  relay: RelayReady,
  echo: EchoReady,
): Promise<Row> {
  const rounds = options.quick ? 5 : 9
  const roundMs = options.quick ? 150 : 1_500
  const scheme = how === 'tls' ? 'wss' : 'ws'
  const ends = await joinRelay(relay, `${scheme}://127.0.0.1:${relay[how]}`, handhelds)
  const trust = { perMessageDeflate: false, ca: echo.ca, servername: 'echo.bench.test' }
  const socket = new WebSocket(`${scheme}://127.0.0.1:${echo[how]}`, [], trust)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  options.say(how)
  const figures = await inTurn(options, rounds, {
    echo: () => echoesPerSecond(socket, roundMs),
    relay: () => ends.messagesPerSecond(inFlight, roundMs),
  })
  const { delivered } = ends.counts()
  await ends.close()
  socket.terminate()
  return compared({
    name: `relay, ${how === 'tls' ? 'TLS' : 'plain'}`,
    unit: 'messages/s',
    values: figures.relay,
    floors: figures.echo,
    floor: `bare ws echo, ${how === 'tls' ? 'TLS' : 'plain'}`,
    work: delivered,
    target: atLeast(targets[how]),
  })
}

function echoesPerSecond(socket: WebSocket, durationMs: number): Promise<number> {
  const message = Buffer.alloc(messageBytes, 7)
  return new Promise((resolve) => {
    const begunMs = performance.now()
    let echoed = 0
    let under = inFlight
    const onMessage = (): void => {
      echoed += 1
      if (performance.now() - begunMs < durationMs) return void socket.send(message)
      under -= 1
      if (under > 0) return
      socket.off('message', onMessage)
      resolve((echoed * 1000) / (performance.now() - begunMs))
    }
    socket.on('message', onMessage)
    for (let i = 0; i < inFlight; i += 1) socket.send(message)
  })
}
