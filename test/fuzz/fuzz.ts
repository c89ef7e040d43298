/**
 * `npm run fuzz -- [TARGET …] [--seconds N] [--seed N] [--save] [--input HEX]`: fuzzes the targets one after the
 * other, 30 s each where nothing is said. `--save` adds what reached new code to the corpus; an input that fails is
 * always kept. `--input` runs that input alone.
 */
import { parseArgs } from 'node:util'
import { readCorpus, writeCorpus } from './engine/corpus.ts'
import { fuzzOne } from './engine/report.ts'
import { placedTargets } from './targets/all.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    save: { type: 'boolean', default: false },
    input: { type: 'string' },
  },
})
const names = placedTargets.map(({ target }) => target.name)
const chosen = placedTargets.filter(
  ({ target: { name } }) => positionals.length === 0 || positionals.includes(name),
)
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`no such target: ${unknown}; there are ${names.join(', ')}`)

if (values.input !== undefined) {
  const input = new Uint8Array(Buffer.from(values.input, 'hex'))
  for (const { target } of chosen) await target.run(input)
  process.stdout.write(`${chosen.length} targets took the input\n`)
} else
  for (const placed of chosen) {
    const { name } = placed.target
    const result = await fuzzOne(placed, { seconds: Number(values.seconds), seed: Number(values.seed) })
    process.stdout.write(`${result.line}\n`)
    if (values.save) writeCorpus(name, 'found', [...readCorpus(name, 'found'), ...result.found])
    if (!result.failure) continue
    writeCorpus(name, 'failed', [...readCorpus(name, 'failed'), result.failure.input])
    process.exitCode = 1
  }
