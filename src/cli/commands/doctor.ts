import type { Command } from 'commander'
import { worstOf } from '#admin/check.ts'
import type { Check, DoctorNote } from '#admin/views.ts'
import { act, examples } from '../act.ts'
import { checkLines } from '../check-lines.ts'
import type { Host } from '../deps.ts'
import { type Moving, startMoving } from '../moving.ts'
import type { Run } from '../run.ts'
import { count, visible } from '../text.ts'
import { duration } from '../time.ts'

interface Options {
  readonly canary: boolean
}

/** Of the longest hop's name, so that the words stand in one column. */
const hopNameWidth = 14

type HopNote = Extract<DoctorNote, { kind: 'hop' }>

export function doctorCommand(program: Command, host: Host): void {
  program
    .command('doctor')
    .description('look at every part, and send a canary through a whole activation')
    .option('--no-canary', 'leave the canary activation out')
    .addHelpText(
      'after',
      `${examples('doctor', 'doctor --no-canary', 'doctor -o json')}

Exits 0 where all is well, 6 where something needs attention, 1 where something is broken.
The canary's user, handheld and mail are removed again, whatever it comes to.`,
    )
    .action(act<Options>(host, examine))
}

async function examine(run: Run, _args: readonly string[], { canary }: Options): Promise<void> {
  const checks: Check[] = []
  const hops: HopNote[] = []
  const moving = startMoving(run.terminal, run.deps.clock, run.format === 'table')
  try {
    await run.admin(async (admin) => {
      for await (const note of admin.doctor({ canary }, run.deps.stop)) {
        if (note.kind === 'looking') moving.say(note.at)
        else if (note.kind === 'check') checks.push(note.check)
        else hops.push(note)
        if (run.format === 'table' && note.kind !== 'looking') show(run, moving, note, hops.length)
      }
    })
  } finally {
    moving.stop()
  }
  const all = [...checks, ...hops.map(({ check }) => check)]
  const health = worstOf(all)
  const canaryHops = hops.map(({ check, tookMs }) => ({ ...check, tookMs }))
  run.print({ health, checks, canary: canaryHops }, () => `\n${summary(run, all)}\n`)
  if (run.deps.stop.aborted) run.setExit('cancelled')
  else if (health === 'broken') run.setExit('failed')
  else if (health === 'attention') run.setExit('attention')
}

function show(run: Run, moving: Moving, note: Exclude<DoctorNote, { kind: 'looking' }>, hops: number): void {
  if (note.kind === 'check') {
    moving.print(checkLines(run, note.check))
    return
  }
  const title = hops === 1 ? `\n${run.terminal.bold('Canary activation')}\n` : ''
  const took = (note.tookMs === null ? '' : duration(note.tookMs)).padStart(8)
  moving.print(title + checkLines(run, note.check, { before: `${took}  `, nameWidth: hopNameWidth }))
}

function summary(run: Run, all: readonly Check[]): string {
  if (run.deps.stop.aborted) return 'Interrupted. The server removes what there was of the canary.'
  const of = (health: Check['health']): Check[] => all.filter((check) => check.health === health)
  const [broken, attention] = [of('broken'), of('attention')]
  if (broken.length + attention.length === 0) return `All ${all.length} checks are well.`
  const said = [
    ...(broken.length > 0 ? [`${broken.length} broken`] : []),
    ...(attention.length > 0 ? [`${attention.length} to look at`] : []),
    `${of('ok').length} ok`,
  ]
  // What comes later often follows from what came first.
  const [first] = [...broken, ...attention]
  const begin = first && broken.length + attention.length > 1 ? ` Begin with: ${visible(first.name)}.` : ''
  return `${count(all.length, 'check')}: ${said.join(', ')}.${begin}`
}
