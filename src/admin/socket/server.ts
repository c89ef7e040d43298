/**
 * Serves the use cases to commands on this machine: HTTP over a Unix socket. One that its owner alone may open takes
 * whoever comes for the owner, so the file's mode is the log-in; at one for a group only tokens and accounts count.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { Fault } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Credentials, Desk, Door } from '../access/desk.ts'
import { claimSocket, ownerAndGroup, ownerOnly } from './claim.ts'
import { askToYield } from './client.ts'
import { operations, streams } from './operations.ts'
import {
  type Answer,
  encodeAnswer,
  faultAnswer,
  pathPrefix,
  readCredentials,
  requestBytesMax,
  wireVersion,
} from './wire.ts'

export interface AdminSocketOptions {
  readonly socketPath: string
  /** Who is known, and what they may do. */
  readonly desk: Desk
  /** The owner's group may open it, and nobody is anybody there without a token. */
  readonly forGroup?: boolean
  readonly log: Log
  /** Answers only until somebody asks for the socket, and asks nobody for it. */
  readonly yields?: boolean
}

const connectionsMax = 64
const requestTimeoutMs = 30_000
const yieldPath = `${pathPrefix}yield`

/**
 * Listens at `socketPath`, in the place of a dead server or of one that yields.
 * @throws Fault admin.running where another server answers there; admin.file where it cannot be made
 */
export async function serveAdmin(options: AdminSocketOptions): Promise<{ close(): Promise<void> }> {
  const { socketPath, desk, log, forGroup = false } = options
  const yields = options.yields === true && !forGroup
  const door: Door = { from: 'socket', ownersAlone: !forGroup }
  if (!yields && !forGroup) await askToYield(socketPath)
  const stopping = new AbortController()
  const server = createServer(
    { maxHeaderSize: 8_192, requestTimeout: requestTimeoutMs },
    (request, response) => {
      if (request.url === yieldPath) return yieldTo(response)
      answer({ desk, door }, request, response, stopping.signal).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'admin request broke off')
        response.destroy()
      })
    },
  )
  server.maxConnections = connectionsMax
  /** Closing removes the socket's file at once; what is being answered is answered to its end. */
  const yieldTo = (response: ServerResponse): void => {
    if (yields) server.close()
    response.end(encodeAnswer(yields ? { value: true } : faultAnswer(new Fault('admin.running', socketPath))))
  }
  await claimSocket(server, socketPath, forGroup ? ownerAndGroup : ownerOnly)
  return {
    close: async () => {
      stopping.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Makes the directory of the socket, for its owner alone, where it does not exist yet. */
export function makeSocketDirectory(socketPath: string): void {
  const directory = dirname(socketPath)
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 })
}

interface Counter {
  readonly desk: Desk
  readonly door: Door
}

async function answer(
  counter: Counter,
  request: IncomingMessage,
  response: ServerResponse,
  stopping: AbortSignal,
): Promise<void> {
  const name = (request.url ?? '').slice(pathPrefix.length)
  response.setHeader('content-type', 'application/x-ndjson')
  response.setHeader('postkey-admin', String(wireVersion))
  if (name === 'ping') return void response.end(encodeAnswer({ value: wireVersion }))
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const credentials = readCredentials(request.headers)
    const args = await readArguments(request)
    const known = await atDoor(counter, name, args, credentials)
    if (known) return void response.end(encodeAnswer(known))
    const admin = counter.desk.admin(await counter.desk.identify(credentials, counter.door))
    const stream = Object.hasOwn(streams, name) ? streams[name] : undefined
    if (stream) return await sendAll(response, stream(admin, args, AbortSignal.any([gone.signal, stopping])))
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
    if (!operation) throw new Fault('admin.protocol', `no operation ${name.slice(0, 80)}`)
    response.end(encodeAnswer({ value: await operation(admin, args, gone.signal) }))
  } catch (error) {
    response.end(encodeAnswer(faultAnswer(error)))
  }
}

/** What is answered to those who are not known yet, or are about to be no more; null for every other request. */
async function atDoor(
  { desk, door }: Counter,
  name: string,
  args: readonly unknown[],
  credentials: Credentials,
): Promise<Answer | null> {
  const [account, password] = args
  if (name === 'login' && typeof account === 'string' && typeof password === 'string')
    return { value: await desk.login(account, password, door.from) }
  if (name === 'logout') return { value: await desk.logout(credentials.token ?? '', door.from) }
  if (name !== 'whoami' && name !== 'mayDo') return null
  const caller = await desk.identify(credentials, door)
  const { who, role } = caller
  if (name === 'mayDo') {
    const [operation, on] = args
    if (typeof operation !== 'string' || typeof on !== 'string') return null
    await desk.allow(caller, operation, on)
  }
  return { value: { who, role } }
}

async function sendAll(response: ServerResponse, values: AsyncIterable<unknown>): Promise<void> {
  response.flushHeaders()
  for await (const value of values) {
    if (response.destroyed) return
    if (!response.write(encodeAnswer({ value }))) await drained(response)
  }
  response.end(encodeAnswer({ end: true }))
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const finish = () => {
      response.off('drain', finish)
      response.off('close', finish)
      resolve()
    }
    response.once('drain', finish)
    response.once('close', finish)
  })

/** @throws Fault admin.usage where the body is too large or no JSON list */
async function readArguments(request: IncomingMessage): Promise<readonly unknown[]> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > requestBytesMax)
      throw new Fault('admin.usage', `a request has at most ${requestBytesMax} bytes`)
    chunks.push(chunk)
  }
  const args = parsed(Buffer.concat(chunks).toString('utf8'))
  if (Array.isArray(args)) return args
  throw new Fault('admin.usage', 'a request is a JSON list of arguments')
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
