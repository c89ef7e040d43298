import type { PasswordView } from '#admin/views.ts'
import { relative } from '../time.ts'

/** The state of a password in a few words, with when it changes or changed. */
export function passwordWords(password: PasswordView | null, nowMs: number): string {
  if (password === null) return 'none'
  const guarded = password.guarded ? ', guarded' : ''
  switch (password.state) {
    case 'open':
      if ((password.notBeforeMs ?? 0) > nowMs)
        return `open, begins ${relative(password.notBeforeMs ?? 0, nowMs)}, expires ${relative(password.expiresAtMs, nowMs)}`
      return `open, expires ${relative(password.expiresAtMs, nowMs)}${guarded}`
    case 'claimed':
      return `claimed by ${password.claimedBy ?? 'a handheld'}${guarded}`
    default:
      return `${password.state} ${relative(password.closedAtMs ?? password.expiresAtMs, nowMs)}`
  }
}
