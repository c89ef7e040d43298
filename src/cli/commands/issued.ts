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
  if (issued.some(({ password }) => password !== null))
    run.note('Passwords are shown only now; nothing keeps them.')
}
