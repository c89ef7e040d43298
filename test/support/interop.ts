/** The Python handheld of `test/interop`, written from docs/protocol.md alone, as a program. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianPython, type Peer } from './peers.ts'
import type { Postkey } from './postkey.ts'
import { type Finished, run } from './process.ts'

export const pythonPeers: readonly Peer[] = [
  'python3',
  'python3-cryptography',
  'python3-cbor2',
  'python3-idna',
  'python3-websockets',
]

const folder = join(import.meta.dirname, '..', 'interop')

export interface PythonOutcome {
  readonly exit: number | null
  /** Each text it showed, in order. */
  readonly shown: readonly string[]
  /** Its last line, or null where it printed none. */
  readonly outcome: { readonly ok: boolean; readonly code: string | null } | null
  readonly stderr: string
}

export const runPython = (script: string, ...args: readonly string[]): Promise<Finished> =>
  // Bytecode would be left in the work tree.
  run(debianPython, ['-B', join(folder, script), ...args], { timeoutMs: 150_000 })

/** One activation by a new handheld; `suite` is what it offers. */
export async function activatePython(
  postkey: Postkey,
  directory: string,
  typed: { readonly email: string; readonly password: string },
  suite: 'aes' | '3des' | 'both',
): Promise<PythonOutcome> {
  const trust = JSON.parse(readFileSync(join(postkey.data, 'handheld.json'), 'utf8'))
  const passwordFile = join(directory, 'password')
  writeFileSync(passwordFile, typed.password)
  const { code, stdout, stderr } = await runPython(
    'handheld.py',
    'activate',
    ...['--relay-url', trust.relay_url, '--relay-id', trust.relay_id, '--ca', trust.ca_file],
    ...['--email', typed.email, '--password-file', passwordFile],
    ...['--suite', suite, '--state', join(directory, 'state.json'), '--timeout', '60'],
  )
  const lines = stdout.split('\n').filter((line) => line !== '')
  const said = lines.map((line) => JSON.parse(line))
  const outcome = said.at(-1)
  return {
    exit: code,
    shown: said.flatMap(({ shown }) => (typeof shown === 'string' ? [shown] : [])),
    outcome: typeof outcome?.ok === 'boolean' ? outcome : null,
    stderr,
  }
}
