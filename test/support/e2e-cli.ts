/** The command line in this process, over the admin socket of a running server: a program less to start per question. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { ExplainedActivation } from '#admin/views.ts'
import { runCli } from '#cli/run-cli.ts'
import { systemClock } from '#edge/system.ts'
import type { Outcome } from '#handheld/activate.ts'
import type { FaultCode, Turn } from '#kernel/fault.ts'
import type { Postkey } from './postkey.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function command(postkey: Postkey, ...argv: readonly string[]): Promise<Said> {
  const [stdout, stderr] = [kept(), kept()]
  const refuse = async () => assert.fail('the server did not answer on its admin socket')
  const code = await runCli(['--set', `server.data_dir=${postkey.data}`, ...argv], {
    version: '0',
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: {},
    cwd: postkey.data,
    osUser: 'tester',
    clock: systemClock,
    stop: AbortSignal.timeout(60_000),
    onHangup: () => () => {},
    openOffline: refuse,
    serve: refuse,
    start: refuse,
    demo: refuse,
  })
  return { code, out: stdout.text(), err: stderr.text() }
}

/** `postkey activation explain <which> -o json`. */
export async function explain(postkey: Postkey, which: string): Promise<ExplainedActivation> {
  const { code, out, err } = await command(postkey, 'activation', 'explain', which, '-o', 'json')
  assert.equal(code, 0, err)
  return JSON.parse(out) as ExplainedActivation
}

/** Asks until the newest request of this user is explained by `code`; a cause may take a moment to be seen. */
export async function untilExplained(
  postkey: Postkey,
  which: string,
  code: FaultCode,
  turn: Turn,
): Promise<ExplainedActivation> {
  let explained = await explain(postkey, which)
  for (let i = 0; explained.explanation.code !== code && i < 150; i += 1) {
    await setTimeout(100)
    explained = await explain(postkey, which)
  }
  const { explanation } = explained
  assert.equal(explanation.code, code, explanation.says)
  assert.equal(explanation.turn, turn)
  assert.ok(explanation.says.length > 20 && explanation.next.length > 5)
  assert.ok(explanation.sinceMs > 1_700_000_000_000)
  return explained
}

export interface Cause {
  /** The number of the handheld's text. */
  readonly e: number
  /** What the administrator is told. */
  readonly code: FaultCode
  /** With E10. */
  readonly triesLeft?: number
}

/** The handheld's last text is the documentation's, and `activation explain` of that run names the cause. */
export async function assertCause(
  postkey: Postkey,
  outcome: Outcome,
  cause: Cause,
): Promise<ExplainedActivation> {
  const last = outcome.shown.at(-1)
  assert.equal(last?.text, documentedText(cause.e, cause.triesLeft))
  assert.equal(last?.code, cause.e)
  assert(outcome.txn)
  const explained = await explain(postkey, outcome.txn)
  assert.equal(explained.explanation.code, cause.code)
  assert.equal(explained.activation?.code, cause.code)
  assert.ok(explained.explanation.says.length > 20 && explained.explanation.next.length > 5)
  return explained
}

const protocolPage = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8')

/** The text of section 20.1 of docs/protocol.md, with its N filled in. */
export function documentedText(e: number, triesLeft?: number): string {
  const name = `E${String(e).padStart(2, '0')}`
  const text = new RegExp(`^\\| ${name} \\| (.*) \\|$`, 'm').exec(protocolPage)?.[1]
  assert(text, `${name} has no text in docs/protocol.md`)
  return triesLeft === undefined
    ? text
    : text.replace('N tries', `${triesLeft} ${triesLeft === 1 ? 'try' : 'tries'}`)
}

function kept() {
  const parts: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      parts.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => parts.join('') }
}
