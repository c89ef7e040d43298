/** Passwords that are shown once. */
import type { IssuedPassword } from '#admin/views.ts'
import type { Run } from '../run.ts'
import { moment } from '../time.ts'

export function showPasswords(run: Run, issued: readonly IssuedPassword[]): void {
  const only = issued.length === 1 ? issued[0] : undefined
  run.print(only ?? issued, () =>
    run.table(
      [
        { title: 'ADDRESS', value: (one) => one.address },
        { title: 'PASSWORD', value: (one) => one.password ?? 'as typed' },
        {
          title: 'EXPIRES',
          value: (one) => moment(one.expiresAtMs, run.deps.clock.nowMs(), run.zone),
          flexible: true,
        },
      ],
      issued,
    ),
  )
  for (const { address, notBeforeMs } of issued)
    if (notBeforeMs !== null)
      run.note(`${address} can activate from ${moment(notBeforeMs, run.deps.clock.nowMs(), run.zone)} on.`)
  for (const { address, replaced } of issued)
    if (replaced) run.note(`The earlier password of ${address} no longer works.`)
  sayGivingWay(run, issued)
  if (issued.some(({ password }) => password !== null))
    run.note('Passwords are shown only now; nothing keeps them.')
}

/** Nobody erases a handheld that gives way, and nothing reaches it afterwards. */
export function sayGivingWay(run: Run, issued: readonly IssuedPassword[]): void {
  for (const { address, givingWay } of issued)
    for (const pin of givingWay)
      run.note(
        `The next handheld that activates for ${address} takes the place of ${pin}, which is not wiped by that. If ${pin} is lost, wipe it first: postkey handheld wipe ${pin}`,
      )
}
