/** What Postkey stands on: its configuration, its directory, its disk, its database, its key, its clock. */
import { accessSync, constants, statfsSync, statSync } from 'node:fs'
import { fine, fromFault } from '#admin/check.ts'
import type { DatabaseCare } from '#admin/ports.ts'
import type { Check } from '#admin/views.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'

const mib = 1024 * 1024
/** Below this share of the threshold the next commits may fail. */
const brokenShare = 0.1

export function checkConfiguration(
  file: string | null,
  mistakes: readonly string[],
  warnings: readonly string[],
): Check {
  const [mistake] = mistakes
  if (mistake) return fromFault('configuration', 'broken', 'config.invalid', null, mistake)
  const [warning] = warnings
  const from = file ?? 'No file; defaults, variables and flags'
  if (!warning) return fine('configuration', `${from}: no mistake.`)
  return {
    ...fine('configuration', `${warning}.`),
    health: 'attention',
    next: '`postkey config check` lists everything.',
  }
}

export function checkDataDirectory(path: string): Check {
  const name = 'data directory'
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    const mode = path === null ? 0 : statSync(path).mode & 0o777
    if (path === null || (mode & 0o077) === 0) return fine(name, `${path}, for its owner alone.`)
    const detail = `others may enter ${path}: mode ${mode.toString(8)}`
    return fromFault(name, 'attention', 'disk.rights', null, detail)
  } catch (error) {
    return fromFault(name, 'broken', 'disk.rights', null, error instanceof Error ? error.message : path)
  }
}

/** @param leastMib free MiB below which it counts as nearly full; 0: never */
export function checkDisk(path: string, leastMib: number): Check {
  const { bavail, bsize } = statfsSync(path)
  const freeMib = Math.floor((bavail * bsize) / mib)
  const says = `${sizeWords(freeMib)} free`
  if (freeMib >= leastMib) return fine('disk', `${says}.`)
  const health = freeMib < leastMib * brokenShare ? 'broken' : 'attention'
  return fromFault('disk', health, 'disk.low', null, `${says} in ${path}`)
}

const sizeWords = (freeMib: number): string =>
  freeMib < 10 * 1024 ? `${freeMib} MiB` : `${Math.floor(freeMib / 1024)} GiB`

/** Reads the whole file, then has the writer commit something. */
export async function checkDatabase(
  care: Pick<DatabaseCare, 'verify' | 'migrate'>,
  write: () => Promise<unknown>,
  clock: Clock,
): Promise<Check> {
  const name = 'database'
  const { problems } = await care.verify()
  if (problems[0] !== undefined) return fromFault(name, 'broken', 'store.damaged', null, problems[0])
  const { version } = await care.migrate()
  const startedMs = clock.monotonicMs()
  try {
    await write()
  } catch (error) {
    return fromFault(name, 'broken', 'store.unavailable', null, error instanceof Error ? error.message : '')
  }
  const tookMs = Math.round(clock.monotonicMs() - startedMs)
  return fine(name, `Whole, schema ${version}; a commit took ${tookMs} ms.`)
}

/**
 * @param path null where the key is in no file of its own
 * @param open opens the vault anew
 */
export async function checkStorageKey(path: string | null, open: () => Promise<unknown>): Promise<Check> {
  const name = 'storage key'
  try {
    await open()
    if (path === null) return fine(name, 'Opens what is sealed in the database.')
    const mode = statSync(path).mode & 0o777
    if ((mode & 0o077) === 0) return fine(name, 'Opens what is sealed in the database.')
    return fromFault(
      name,
      'attention',
      'disk.rights',
      null,
      `others may read ${path}: mode ${mode.toString(8)}`,
    )
  } catch (error) {
    const detail = error instanceof Fault ? error.detail : String(error)
    return fromFault(name, 'broken', faultCodeOf(error), null, detail)
  }
}

const clockWarnMs = 60_000
const clockBrokenMs = 300_000

/**
 * @param setByMs how far the wall clock went from the monotonic one since the start
 * @param relayAheadMs how far the relay's clock is ahead of ours; null: it has not told yet
 */
export function checkClock(setByMs: number, relayAheadMs: number | null): Check {
  const name = 'clock'
  // The relay knows better than our own past: a clock that was put right by hand is right.
  const offMs = relayAheadMs ?? setByMs
  const seconds = (ms: number): string => `${(Math.abs(ms) / 1000).toFixed(Math.abs(ms) < 10_000 ? 1 : 0)} s`
  const detail =
    relayAheadMs === null
      ? `it was set by ${seconds(setByMs)} since the start`
      : `the relay's clock is ${seconds(relayAheadMs)} ${relayAheadMs > 0 ? 'ahead' : 'behind'}`
  if (Math.abs(offMs) >= clockBrokenMs) return fromFault(name, 'broken', 'clock.off', null, detail)
  if (Math.abs(offMs) >= clockWarnMs) return fromFault(name, 'attention', 'clock.off', null, detail)
  return relayAheadMs === null
    ? fine(name, 'Not set since the start; the relay has told no time to compare with.')
    : fine(name, `Within ${seconds(relayAheadMs)} of the relay's.`)
}

const certificateSoonMs = 60 * 86_400_000

/** Certificates that no server shows, by what they are for. */
export function checkOwnCertificates(
  certificates: readonly {
    readonly what: string
    readonly untilMs: number
    readonly remark: string | null
  }[],
  nowMs: number,
): Check {
  const name = 'own certificates'
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  const said = certificates.map(({ what, untilMs }) => `${what} until ${day(untilMs)}`).join(', ')
  const first = Math.min(...certificates.map(({ untilMs }) => untilMs))
  if (first <= nowMs) return fromFault(name, 'broken', 'tls.expired', null, said)
  if (first - nowMs < certificateSoonMs) return fromFault(name, 'attention', 'tls.expires_soon', null, said)
  // Nothing to be mended: an installation that is as it has to be stays well.
  const remarks = certificates.flatMap(({ remark }) => (remark === null ? [] : [` ${remark}`]))
  return fine(name, `Good: ${said}.${remarks.join('')}`)
}
