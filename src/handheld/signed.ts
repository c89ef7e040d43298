/** What an administrator signed: its packet is held until the signature is checked, then judged as policy or command. */
import { ackStatus } from '#protocol/ack.ts'
import { decodeItAdmin, type ItAdmin } from '#protocol/it-admin.ts'
import { decodePacket } from '#protocol/packet-frame.ts'
import { checkReplay } from '#protocol/replay-window.ts'
import { acknowledge, repeatAnswer, type Verdict } from './acknowledge.ts'
import { judgeCommand } from './command.ts'
import type { PolicyVerified } from './event.ts'
import { linkOf } from './keys.ts'
import { type Opened, openPacket, packetHeader } from './link.ts'
import { judgePolicy } from './policy.ts'
import { screenOf } from './screen.ts'
import type { Account } from './state.ts'
import type { Refusal } from './state-orders.ts'
import { change, log, persist, show, showCode, type Turn } from './turn.ts'

const refusedCode = 31
const refusals: ReadonlySet<number> = new Set([
  ackStatus.refusedSignature,
  ackStatus.refusedAddressee,
  ackStatus.refusedNumber,
  ackStatus.refusedForm,
])

/** Has the signature of a held packet checked; `onPolicyVerified` goes on with it. */
export function onSigned(turn: Turn, id: string, cms: Uint8Array): void {
  const { account } = turn.state
  if (!account) return
  const atMs = turn.nowMs + turn.state.device.clockOffsetMs
  turn.actions.push({ kind: 'verify_policy', id, cms, caCertificate: account.caCertificate, atMs })
}

/** The signature was checked: the held packet is judged, and its effect stored with its answer. */
export function onPolicyVerified(turn: Turn, event: PolicyVerified): void {
  const { held, account } = turn.state
  const item = held.find((one) => one.id === event.id)
  if (!item) return
  change(turn, { held: held.filter((one) => one !== item) })
  const packet = decodePacket(item.packet)
  const header = packet.ok ? packetHeader(packet.value) : null
  const link = account && header && linkOf(account, header.kid)
  const opened = link && packet.ok ? openPacket(link, packet.value) : null
  const message = opened?.content && decodeItAdmin(opened.content)
  persist(turn, message?.ok ? message.value.type : 'held')
  if (!account || !link || !opened || !message?.ok) return
  // Another copy of the same packet may have been judged in the meantime.
  if (checkReplay(link.window, opened.header.seq) !== 'new') {
    repeatAnswer(turn, item.from, opened)
    return
  }
  const verdict = judge(turn, account, message.value, event.content)
  const { type } = message.value
  if (refusals.has(verdict.status)) noteRefusal(turn, type, verdict.status, event.reason ?? null)
  else forgetRefusal(turn, type)
  acknowledge(turn, opened, verdict)
}

/** Neither policy nor command: refused as a fault of form, and said like any other refusal. */
export function refuseForm(turn: Turn, opened: Opened): void {
  noteRefusal(turn, 'policy', ackStatus.refusedForm, null)
  acknowledge(turn, opened, { status: ackStatus.refusedForm })
}

function judge(turn: Turn, account: Account, message: ItAdmin, content: Uint8Array | null): Verdict {
  return message.type === 'policy'
    ? judgePolicy(turn, account, content)
    : judgeCommand(turn, account, message.command, content)
}

/** What was refused is made good by the next one that is taken, and the screen is as before. */
function forgetRefusal(turn: Turn, what: Refusal['what']): void {
  if (turn.state.refusal?.what !== what) return
  change(turn, { refusal: null })
  show(turn, screenOf(turn.state))
}

/** The user sees E31; the status and its reason are for the log and for whoever asks the handheld. */
function noteRefusal(turn: Turn, what: Refusal['what'], status: number, reason: string | null): void {
  change(turn, { refusal: { what, status, reason, atMs: turn.nowMs } })
  log(turn, 'what an administrator signed was refused', { what, status }, 'warn')
  showCode(turn, refusedCode)
}
