/** What went otherwise than it should on the way of an activation, and did not stop it. */
import { type FaultCode, faultRow, type Turn } from '#kernel/fault.ts'
import type { Activation } from './activation.ts'

export interface Remark {
  readonly code: FaultCode
  readonly says: string
  readonly turn: Turn
  readonly sinceMs: number
  readonly next: string
}

export function remarksOn({ mail, copyAtMs, request }: Activation): Remark[] {
  const remark = (code: FaultCode, sinceMs: number): Remark => {
    const { says, next, turn } = faultRow(code)
    return { code, says, next, turn, sinceMs }
  }
  const folder = mail?.mailbox.slice(mail.mailbox.indexOf('/') + 1) ?? 'INBOX'
  return [
    ...(request && folder !== 'INBOX'
      ? [remark('mail.in_junk', mail?.receivedAtMs ?? request.mailedAtMs)]
      : []),
    ...(copyAtMs === undefined ? [] : [remark('mail.duplicate', copyAtMs)]),
  ]
}
