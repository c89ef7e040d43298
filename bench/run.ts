/** `npm run bench [-- PART …] [--quick] [--mailboxes N] [--json FILE]`: measures Postkey's parts, each against its floor or peer. */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Part, PartOptions, Row } from './support/part.ts'
import { table } from './support/table.ts'

/** A part is one file that exports `part`; a new one is added here. */
const parts: Readonly<Record<string, () => Promise<{ readonly part: Part }>>> = {
  verifier: () => import('./verifier.ts'),
  ingress: () => import('./ingress.ts'),
  delivery: () => import('./delivery.ts'),
  imap: () => import('./imap.ts'),
  relay: () => import('./relay.ts'),
  activation: () => import('./activation.ts'),
  policy: () => import('./policy.ts'),
  watch: () => import('./watch.ts'),
  beside: () => import('./beside.ts'),
}

const usage = `usage: npm run bench [-- PART …] [--quick] [--mailboxes N] [--json FILE]
parts: ${Object.keys(parts).join(' ')}
`

const say = (line: string): void => void process.stderr.write(`${line}\n`)
const load = (): string => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ')

async function runPart(name: string, options: Omit<PartOptions, 'say'>): Promise<Row[]> {
  const made = parts[name]
  if (!made) throw new Error(`no such part: ${name}\n${usage}`)
  const { part } = await made()
  say(`${name}: ${part.about} (load ${load()})`)
  const begunMs = performance.now()
  const rows = await part.run({ ...options, say: (line) => say(`  ${name}: ${line}`) })
  say(`${name}: ${((performance.now() - begunMs) / 1000).toFixed(1)} s (load ${load()})`)
  return rows
}

/** In a quick run, whose figures nobody trusts, two parts at a time: most of each is waiting. */
async function runParts(names: readonly string[], options: Omit<PartOptions, 'say'>): Promise<Row[]> {
  const rows = new Map<string, readonly Row[]>()
  const rest = [...names]
  const lane = async (): Promise<void> => {
    for (let name = rest.shift(); name !== undefined; name = rest.shift())
      rows.set(name, await runPart(name, options))
  }
  await Promise.all(Array.from({ length: options.quick ? 2 : 1 }, lane))
  return names.flatMap((name) => rows.get(name) ?? [])
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      mailboxes: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return void process.stdout.write(usage)
  const mailboxes = values.mailboxes === undefined ? {} : { mailboxes: Number(values.mailboxes) }
  const options = { quick: values.quick, ...mailboxes }
  const before = load()
  const rows = await runParts(positionals.length > 0 ? positionals : Object.keys(parts), options)
  process.stdout.write(table(rows))
  process.stdout.write(
    `${availableParallelism()} processors, load ${before} before and ${load()} after. Figures are medians of rounds in turn;\n` +
      'a ratio is the median of the rounds’ own ratios, with the least and the greatest: trust the ratios.\n',
  )
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
}

await main()
// What a peer's library left running must not keep the program.
process.exit()
