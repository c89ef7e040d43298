/**
 * What strace wrote down of a server, as events in the order they happened: what it read from a connection, wrote to
 * one, wrote into the database's log, and when a sync of that log was over. A thread that strace stops cannot go on
 * before its line is written, so that causes stand before their effects.
 */

export interface Event {
  readonly kind: 'read' | 'write' | 'log_write' | 'log_synced'
  /** Connections: the client's end, `127.0.0.1:40312`. */
  readonly peer: string
  /** Connections: the server's port. */
  readonly port: number
  /** The bytes, as strace shows them: letters and digits as they are. */
  readonly text: string
  /** `log_synced`: position of the event before which the sync had begun. */
  readonly begunAt: number
}

/** For `strace`, before the program: `-D` keeps the program's pid its own. */
export const straceArguments = (file: string): string[] => [
  'strace',
  ...['-D', '-f', '-yy', '-s', '9000', '-o', file],
  ...['-e', 'trace=read,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync'],
]

interface Call {
  readonly name: string
  readonly target: string
  readonly text: string
  readonly begunAt: number
}

const begun =
  /^(\d+) +(read|write|writev|sendto|sendmsg|pwrite64|fsync|fdatasync)\(\d+<(TCP:\[[^\]]*\]|[^>]*)>(.*)$/s
const resumed = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/s
const succeeded = /\) += (\d+)$/

export function parseTrace(trace: string): Event[] {
  const events: Event[] = []
  const open = new Map<string, Call>()
  for (const line of trace.split('\n')) {
    const start = begun.exec(line)
    if (start) {
      const [, pid = '', name = '', target = '', text = ''] = start
      const call = { name, target, text, begunAt: events.length }
      addBegun(events, call)
      if (text.endsWith('<unfinished ...>')) open.set(pid, call)
      else addEnded(events, call, text)
      continue
    }
    const end = resumed.exec(line)
    const call = end && open.get(end[1] ?? '')
    if (!end || !call || call.name !== end[2]) continue
    open.delete(end[1] ?? '')
    addEnded(events, call, end[3] ?? '')
  }
  return events
}

const isLog = (target: string): boolean => target.endsWith('postkey.db-wal')

/** What leaves counts from its beginning. */
function addBegun(events: Event[], { name, target, text }: Call): void {
  const none = { peer: '', port: 0, begunAt: events.length }
  if (name === 'pwrite64' && isLog(target)) events.push({ kind: 'log_write', text, ...none })
  const connection = connectionOf(target)
  if (connection && /^(write|writev|sendto|sendmsg)$/.test(name))
    events.push({ kind: 'write', text, begunAt: events.length, ...connection })
}

/** What comes, and what was asked of the disk, counts from its end. */
function addEnded(events: Event[], { name, target, begunAt }: Call, rest: string): void {
  const result = succeeded.exec(rest.trimEnd())
  if (!result) return
  if (/^f(data)?sync$/.test(name) && isLog(target))
    events.push({ kind: 'log_synced', text: '', peer: '', port: 0, begunAt })
  const connection = connectionOf(target)
  if (connection && name === 'read' && Number(result[1]) > 0)
    events.push({ kind: 'read', text: rest, begunAt, ...connection })
}

function connectionOf(target: string): { peer: string; port: number } | null {
  const found = /^TCP:\[127\.0\.0\.1:(\d+)->(127\.0\.0\.1:\d+)\]?$/.exec(target)
  return found ? { port: Number(found[1]), peer: found[2] ?? '' } : null
}

export interface Answered {
  readonly marker: string
  /** The answer as it was written; empty where none was found. */
  readonly answer: string
  /** Whether a sync of the log that holds the marker was over before the answer left. */
  readonly durable: boolean
}

/**
 * Of a client that sends one request and waits for the answer: which requests (each has a marker that the database
 * keeps) were on disk when they were answered. @param peer the client's end
 */
export function answersTo(events: readonly Event[], peer: string, markers: readonly string[]): Answered[] {
  return markers.map((marker) => {
    const kept = events.findIndex(({ kind, text }) => kind === 'log_write' && text.includes(marker))
    const asked = events.findLastIndex((event, at) => at < kept && isOf(event, 'read', peer))
    const answered = events.findIndex((event, at) => at > asked && isOf(event, 'write', peer))
    const synced = events.findIndex(({ kind, begunAt }) => kind === 'log_synced' && begunAt > kept)
    const found = kept >= 0 && asked >= 0 && answered >= 0
    return {
      marker,
      answer: found ? (events[answered]?.text ?? '') : '',
      durable: found && synced >= 0 && synced < answered,
    }
  })
}

const isOf = (event: Event, kind: Event['kind'], peer: string): boolean =>
  event.kind === kind && event.peer === peer

/** The client that spoke first on this port after all others had. */
export function newestPeer(events: readonly Event[], port: number): string {
  const peers = events.filter((event) => event.kind === 'read' && event.port === port)
  return [...new Set(peers.map(({ peer }) => peer))].at(-1) ?? ''
}
