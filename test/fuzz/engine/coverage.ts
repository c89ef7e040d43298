/**
 * Which places of the source have run, by V8's precise coverage. A place counts as covered for good; looking is
 * dear, so that the engine runs many inputs between two looks.
 */
import { type Profiler, Session } from 'node:inspector'

export interface Coverage {
  /** Whether anything ran since the last look that never ran before it; `remember` counts it as known from now on. */
  look(remember: boolean): boolean
  /** Stretches of code that were new when they were remembered. */
  readonly blocks: number
  stop(): void
}

/** Start it before the code to be covered is loaded: what was compiled earlier has no counters of its blocks. */
export function startCoverage(isCovered: (url: string) => boolean): Coverage {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const known = new Map<string, Uint8Array>()
  let blocks = 0
  return {
    look: (remember) => {
      let fresh = 0
      for (const { scriptId, url, functions } of take(session))
        if (isCovered(url)) for (const one of functions) fresh += freshRuns(known, scriptId, one, remember)
      if (remember) blocks += fresh
      return fresh > 0
    },
    get blocks() {
      return blocks
    },
    stop: () => {
      session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}

/** What ran since the last time. A session that is connected to its own thread answers before `post` returns. */
function take(session: Session): readonly Profiler.ScriptCoverage[] {
  let found: readonly Profiler.ScriptCoverage[] | null = null
  session.post('Profiler.takePreciseCoverage', (error, answer) => {
    if (error) throw error
    found = answer.result
  })
  if (!found) throw new Error('the profiler did not answer at once')
  return found
}

/**
 * Stretches of one function that had not run before. V8 joins neighbouring ranges of equal counts, so that the
 * ranges themselves differ from look to look; what they say of each character does not.
 */
function freshRuns(
  known: Map<string, Uint8Array>,
  scriptId: string,
  { ranges }: Profiler.FunctionCoverage,
  remember: boolean,
): number {
  const [whole] = ranges
  if (!whole || whole.count === 0) return 0
  const key = `${scriptId}:${whole.startOffset}:${whole.endOffset}`
  const before = known.get(key) ?? new Uint8Array(whole.endOffset - whole.startOffset)
  const now = new Uint8Array(before.length)
  for (const { startOffset, endOffset, count } of ranges)
    now.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset)
  let runs = 0
  let inRun = false
  for (let at = 0; at < now.length; at += 1) {
    const fresh = now[at] === 1 && before[at] === 0
    if (fresh && !inRun) runs += 1
    inRun = fresh
    if (fresh && remember) before[at] = 1
  }
  if (remember) known.set(key, before)
  return runs
}
