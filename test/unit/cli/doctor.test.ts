import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { fine, fromFault } from '#admin/check.ts'
import type { DoctorNote } from '#admin/views.ts'
import { type Console, openConsole, type RunOptions } from './console.ts'

let site: Console
beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const well: DoctorNote[] = [
  { kind: 'looking', at: 'disk' },
  { kind: 'check', check: fine('disk', '78 GiB free.') },
  { kind: 'hop', check: fine('pressed', 'The handheld asked to activate.'), tookMs: null },
  { kind: 'hop', check: fine('relay accepted', 'The request was taken.'), tookMs: 21 },
]
const low: DoctorNote = {
  kind: 'check',
  check: fromFault('disk', 'attention', 'disk.low', null, '3 MiB free'),
}
const refused: DoctorNote = {
  kind: 'hop',
  check: fromFault('SMTP accepted', 'broken', 'smtp.refused', null, '550 5.1.1 No such user here'),
  tookMs: null,
}

const saying = (...notes: readonly DoctorNote[]): RunOptions => ({
  admin: {
    doctor: async function* () {
      yield* notes
    },
  },
})

test('a healthy round is one line for each check and hop, and ends well', async () => {
  const { code, out, err } = await site.run(['doctor'], saying(...well))
  assert.deepEqual([code, err], [0, ''])
  assert.equal(
    out,
    `ok         disk: 78 GiB free.

Canary activation
ok                   pressed         The handheld asked to activate.
ok            21 ms  relay accepted  The request was taken.

All 3 checks are well.
`,
  )
})

test('what is not well says what happened, what to do and its code, and where to begin', async () => {
  const { code, out } = await site.run(['doctor'], saying(low, ...well.slice(2), refused))
  assert.equal(code, 1)
  assert.equal(
    out,
    `ATTENTION  disk
           The disk that holds the data is nearly full. (3 MiB free)
           next  Make room, or move \`[server] data_dir\` to a larger disk;
                 \`[doctor] disk_free_mib\` is where the warning begins.
           code  disk.low

Canary activation
ok                   pressed         The handheld asked to activate.
ok            21 ms  relay accepted  The request was taken.
BROKEN               SMTP accepted
           The SMTP server refused the mail. (550 5.1.1 No such user here)
           next  Read its answer in the relay's log; the address may not exist.
           code  smtp.refused

4 checks: 1 broken, 1 to look at, 2 ok. Begin with: SMTP accepted.
`,
  )
})

test('where something needs attention and nothing is broken it exits with 6', async () => {
  const { code } = await site.run(['doctor'], saying(low))
  assert.equal(code, 6)
})

test('programs get everything at once, hops with their times', async () => {
  const { out } = await site.run(['doctor', '-o', 'json'], saying(low, ...well.slice(2)))
  const { health, checks, canary } = JSON.parse(out)
  assert.equal(health, 'attention')
  assert.deepEqual([checks.length, checks[0].code], [1, 'disk.low'])
  assert.deepEqual(
    canary.map(({ name, tookMs }: { name: string; tookMs: number | null }) => [name, tookMs]),
    [
      ['pressed', null],
      ['relay accepted', 21],
    ],
  )
})

test('--no-canary asks for none', async () => {
  const asked: boolean[] = []
  const admin: RunOptions['admin'] = {
    doctor: async function* ({ canary }) {
      asked.push(canary)
      yield* well
    },
  }
  await site.run(['doctor'], { admin })
  await site.run(['doctor', '--no-canary'], { admin })
  assert.deepEqual(asked, [true, false])
})

test('text from outside cannot steer the terminal', async () => {
  const { out } = await site.run(['doctor'], saying({ kind: 'check', check: fine('disk', 'a\u001b[2Jb') }))
  assert(!out.includes('\u001b'))
})
