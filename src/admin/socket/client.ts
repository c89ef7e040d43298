/** The use cases as a command meets them: over the running server's admin socket. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { Fault } from '#kernel/fault.ts'
import type { Credentials } from '../access/desk.ts'
import type { IssuedToken } from '../access/views.ts'
import type { Admin, AdminSession, BulkPasswordResult } from '../admin.ts'
import type { ImportResult } from '../people/people.ts'
import { importRowsMax, operations, streams } from './operations.ts'
import { isAnswering } from './probe.ts'
import { answeredValue, credentialHeaders, decodeAnswer, pathPrefix, wireVersion } from './wire.ts'

const pingTimeoutMs = 5_000
const answerBytesMax = 256 * 1024 * 1024

/**
 * The running server's use cases, or null where none runs.
 * @throws Fault admin.protocol where something else answers, or nothing within five seconds
 */
export async function connectAdmin(
  socketPath: string,
  credentials: Credentials = { osUser: '', token: null },
): Promise<AdminSession | null> {
  if (!(await isAnswering(socketPath))) return null
  const place = { socketPath, credentials }
  const version = await one(place, 'ping', [], AbortSignal.timeout(pingTimeoutMs))
  if (version !== wireVersion)
    throw new Fault('admin.protocol', `version ${String(version)}, not ${wireVersion}`)
  return {
    ...remoteAdmin(place),
    via: 'server',
    whoami: async () => (await one(place, 'whoami', [])) as Awaited<ReturnType<AdminSession['whoami']>>,
    mayDo: async (...args) => void (await one(place, 'mayDo', args)),
    login: async (...args) => (await one(place, 'login', args)) as IssuedToken,
    logout: async () => void (await one(place, 'logout', [])),
    close: async () => {},
  }
}

/**
 * Asks a server that only fills in to leave the socket. Resolves where nobody listens there any more.
 * @throws Fault admin.running where one stays, admin.protocol
 */
export async function askToYield(socketPath: string): Promise<void> {
  if (!(await isAnswering(socketPath))) return
  await one(
    { socketPath, credentials: { osUser: '', token: null } },
    'yield',
    [],
    AbortSignal.timeout(pingTimeoutMs),
  )
}

/** Where the server is asked, and as whom. */
interface Place {
  readonly socketPath: string
  readonly credentials: Credentials
}

/** Every operation by its name: what has two words is a verb of a noun. Answers are the server's own views. */
function remoteAdmin(place: Place): Admin {
  const cases: Record<string, unknown> = {}
  const put = (name: string, work: (...args: never[]) => unknown) => {
    const [noun = name, verb] = name.split('.')
    if (verb === undefined) cases[noun] = work
    else cases[noun] = { ...(cases[noun] as object | undefined), [verb]: work }
  }
  for (const name of Object.keys(operations)) put(name, (...args: unknown[]) => one(place, name, args))
  for (const name of Object.keys(streams)) put(name, (...args: unknown[]) => follow(place, name, args))
  for (const name of ['users.import', 'passwords.generateMany'])
    put(name, (rows: readonly unknown[], ...more: unknown[]) =>
      inBatches(
        rows,
        (batch) => many(place, name, [batch, ...more]) as AsyncIterable<ImportResult | BulkPasswordResult>,
      ),
    )
  return cases as unknown as Admin
}

/** A signal that ends the following stays on this side. */
function follow(place: Place, name: string, args: readonly unknown[]): AsyncGenerator<unknown> {
  const last = args.at(-1)
  const signal = last instanceof AbortSignal ? last : undefined
  return many(place, name, signal ? args.slice(0, -1) : args, signal)
}

/** A request is bounded, an import is not: rows travel in batches, and results keep their place in the whole. */
async function* inBatches<Row, Result extends { readonly index: number }>(
  rows: readonly Row[],
  send: (batch: readonly Row[]) => AsyncIterable<Result>,
): AsyncGenerator<Result> {
  for (let start = 0; start < rows.length; start += importRowsMax)
    for await (const result of send(rows.slice(start, start + importRowsMax)))
      yield { ...result, index: start + result.index }
}

async function one(
  place: Place,
  name: string,
  args: readonly unknown[],
  signal?: AbortSignal,
): Promise<unknown> {
  return guarded(async () => {
    const response = await post(place, name, args, signal)
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response) {
      bytes += chunk.length
      if (bytes > answerBytesMax) throw new Fault('admin.protocol', 'the answer is too long')
      chunks.push(chunk)
    }
    return answeredValue(decodeAnswer(Buffer.concat(chunks).toString('utf8')))
  })
}

/** Ends quietly when `signal` aborts; a stream that breaks off otherwise is a fault. */
async function* many(
  place: Place,
  name: string,
  args: readonly unknown[],
  signal?: AbortSignal,
): AsyncGenerator<unknown> {
  const response = await guarded(() => post(place, name, args, signal))
  try {
    for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
      const answer = decodeAnswer(line)
      if ('end' in answer) return
      yield answeredValue(answer)
    }
    if (!signal?.aborted) throw new Fault('admin.no_server', 'the server stopped')
  } catch (error) {
    if (signal?.aborted) return
    throw asFault(error)
  } finally {
    response.destroy()
  }
}

function post(
  { socketPath, credentials }: Place,
  name: string,
  args: readonly unknown[],
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      socketPath,
      path: pathPrefix + name,
      method: 'POST',
      agent: false,
      headers: { host: 'admin', ...credentialHeaders(credentials) },
    }
    const sent: ClientRequest = request(signal ? { ...options, signal } : options, resolve)
    sent.once('error', reject)
    sent.end(JSON.stringify(trimmed(args)))
  })
}

/** JSON would make nulls of arguments that were left out. */
function trimmed(args: readonly unknown[]): readonly unknown[] {
  const last = args.findLastIndex((arg) => arg !== undefined)
  return args.slice(0, last + 1)
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFault(error)
  }
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError') return new Fault('admin.protocol', 'the server does not answer', error)
  return new Fault('admin.no_server', error instanceof Error ? error.message : String(error), error)
}
