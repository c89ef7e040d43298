/** Packets of the server: which key they are under, whether they are new, and who judges their content. */
import { sha256 } from '#crypto/hash.ts'
import type { SrpId } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { ackStatus } from '#protocol/ack.ts'
import { decodeItAdmin } from '#protocol/it-admin.ts'
import { isCommandName } from '#protocol/it-command.ts'
import { contentTypes, decodePacket, type Packet } from '#protocol/packet-frame.ts'
import { acceptPart, decodePart } from '#protocol/parts.ts'
import { checkReplay } from '#protocol/replay-window.ts'
import { acknowledge, repeatAnswer } from './acknowledge.ts'
import { onBooks } from './books.ts'
import { isKeyCheck, makeCurrent } from './confirming.ts'
import { linkOf, withLink } from './keys.ts'
import { answered, type KeyLink, type Opened, openPacket, packetHeader } from './link.ts'
import { onPendingKey, onRolling } from './rollover.ts'
import { onSigned, refuseForm } from './signed.ts'
import { heard } from './silence.ts'
import type { Account, ConfirmingRun, HeldPacket } from './state.ts'
import { change, log, persist, type Turn } from './turn.ts'

/** Packets that came before the key is current, or whose signature is being checked; more are dropped and resent. */
const heldMax = 32

export function onPart(turn: Turn, from: SrpId, bytes: Uint8Array): void {
  const part = decodePart(bytes)
  if (!part.ok) {
    log(turn, 'a malformed part was dropped', { from, at: part.fault.at }, 'info')
    return
  }
  if (!hearsPackets(turn, from)) {
    log(turn, 'a part of a server whose packets are not heard was dropped', { from }, 'info')
    return
  }
  const mine = turn.state.parts.find((one) => one.from === from)
  const { sets, packet } = acceptPart(mine?.sets ?? [], part.value, turn.nowMs)
  const others = turn.state.parts.filter((one) => one.from !== from)
  change(turn, { parts: sets.length > 0 ? [...others, { from, sets }] : others })
  persist(turn, 'part')
  if (packet) onPacket(turn, from, packet)
}

export function onPacket(turn: Turn, from: SrpId, bytes: Uint8Array): void {
  const packet = decodePacket(bytes)
  const header = packet.ok ? packetHeader(packet.value) : null
  if (!packet.ok || !header) {
    log(turn, 'a malformed packet was dropped', { from }, 'info')
    return
  }
  const { run, account } = turn.state
  if (run?.stage === 'confirming' && run.link.kid === header.kid && run.srpId === from) {
    onPendingPacket(turn, run, packet.value, bytes)
    return
  }
  if (account?.servers.includes(from)) {
    const link = linkOf(account, header.kid)
    const { rollover } = account.keys
    if (link) {
      onAccountPacket(turn, account, link, { from, packet: packet.value, bytes })
      return
    }
    if (rollover && 'link' in rollover && rollover.link.kid === header.kid) {
      onPendingKey(turn, account, rollover, packet.value)
      return
    }
  }
  log(turn, 'a packet under an unknown key was dropped', { from, kid: header.kid }, 'info')
}

/** Whoever shares no key with us could only fill our disk with halves of packets. */
function hearsPackets({ state: { run, account } }: Turn, from: SrpId): boolean {
  return (run?.stage === 'confirming' && run.srpId === from) || account?.servers.includes(from) === true
}

/** Looks again at packets that waited for their key; those still waiting stay. */
export function judgeHeld(turn: Turn): void {
  const { run, held } = turn.state
  const pendingKid = run?.stage === 'confirming' ? run.link.kid : null
  const waits = ({ packet }: HeldPacket) => kidOf(packet) === pendingKid
  change(turn, { held: held.filter(waits) })
  for (const { from, packet } of held.filter((one) => !waits(one))) onPacket(turn, from, packet)
}

/** Under a pending key only the server's key check is acted on; what follows it is kept until then. */
function onPendingPacket(turn: Turn, run: ConfirmingRun, packet: Packet, bytes: Uint8Array): void {
  const opened = openPacket(run.link, packet)
  if (!opened) {
    log(turn, 'a packet that does not open was dropped', {}, 'info')
    return
  }
  if (isKeyCheck(opened, run.th4)) {
    makeCurrent(turn, run, opened)
    judgeHeld(turn)
    return
  }
  if (opened.header.seq > 0) hold(turn, run.srpId, bytes)
}

interface Arrived {
  readonly from: SrpId
  readonly packet: Packet
  readonly bytes: Uint8Array
}

/** Under the current key, or under the one before, as it was sealed before the switch. */
function onAccountPacket(turn: Turn, account: Account, link: KeyLink, arrived: Arrived): void {
  const { from, packet, bytes } = arrived
  const opened = openPacket(link, packet)
  if (!opened) {
    log(turn, 'a packet that does not open was dropped', { from }, 'info')
    return
  }
  // Anything after the key check shows that the server holds the key: ours need not be repeated any more.
  if (opened.header.seq > 0 && account.repeat) change(turn, { account: { ...account, repeat: null } })
  heard(turn)
  switch (checkReplay(link.window, opened.header.seq)) {
    case 'new':
      judge(turn, from, opened, bytes)
      return
    case 'seen':
      repeatAnswer(turn, from, opened)
      return
    case 'too_old':
      log(turn, 'a packet older than the window was dropped', { seq: opened.header.seq })
      return
  }
}

function judge(turn: Turn, from: SrpId, opened: Opened, bytes: Uint8Array): void {
  switch (opened.header.contentType) {
    case contentTypes.otakeygen:
      markUnanswered(turn, opened)
      onRolling(turn, opened)
      return
    case contentTypes.ack:
      // Not acknowledged, and no packet of ours waits for an ACK yet.
      markUnanswered(turn, opened)
      log(turn, 'a packet without use was passed over', { contentType: opened.header.contentType })
      return
    case contentTypes.itAdmin:
      onItAdmin(turn, from, opened, bytes)
      return
    case contentTypes.serviceBook:
      onBooks(turn, opened)
      return
    default:
      acknowledge(turn, opened, { status: ackStatus.unknown })
      return
  }
}

/** Its number is used: it came, and there is nothing to answer. */
function markUnanswered(turn: Turn, { header, tag }: Opened): void {
  const { account } = turn.state
  const link = account && linkOf(account, header.kid)
  if (!link) return
  const marked = answered(link, { seq: header.seq, tag, status: null, detail: null })
  change(turn, { account: withLink(account, marked) })
  persist(turn, 'ack')
}

function onItAdmin(turn: Turn, from: SrpId, opened: Opened, bytes: Uint8Array): void {
  const message = opened.content && decodeItAdmin(opened.content)
  if (!message || (!message.ok && message.fault.code !== 'unsupported')) {
    refuseForm(turn, opened)
    return
  }
  // What this software does not know it does not look into, signed or not.
  if (!message.ok || (message.value.type === 'command' && !isCommandName(message.value.command))) {
    acknowledge(turn, opened, { status: ackStatus.unknown })
    return
  }
  const id = hold(turn, from, bytes)
  if (id) onSigned(turn, id, message.value.cms)
}

/** Keeps the packet durably; its id, or null where it is held already or there is no room. */
function hold(turn: Turn, from: SrpId, packet: Uint8Array): string | null {
  const id = toHex(sha256(packet).subarray(0, 16))
  const { held } = turn.state
  if (held.length >= heldMax || held.some((one) => one.id === id)) return null
  change(turn, { held: [...held, { id, from, packet }] })
  persist(turn, 'held')
  return id
}

function kidOf(bytes: Uint8Array): number | null {
  const packet = decodePacket(bytes)
  return packet.ok ? (packetHeader(packet.value)?.kid ?? null) : null
}
