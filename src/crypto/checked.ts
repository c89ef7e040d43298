/** The result of a cryptographic step on bytes from outside: a value, or why it was refused. Never a throw. */
export type Checked<T, Reason extends string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason }

export const passed = <T>(value: T): { ok: true; value: T } => ({ ok: true, value })

export const failed = <Reason extends string>(reason: Reason): { ok: false; reason: Reason } => ({
  ok: false,
  reason,
})
