/**
 * A handheld's log-in, both sides of it, as pure steps (docs/protocol.md, "Relay"): hello → nonce → signature →
 * PIN. The handheld proves that it has the device key; the relay's name is what TLS has proved.
 */
import type { Ed25519Key } from '#crypto/ed25519.ts'
import { signDeviceLogin, verifyDeviceLogin, verifyPinCertificate } from '#crypto/login.ts'
import type { Pin, RelayId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { deviceLoginValue, pinCertificateValue } from '#protocol/login-value.ts'
import type { DevAuth, DevHello, Frame, RelayNonce } from '#protocol/relay-frame.ts'
import type { RelayDeviceRow } from '#store/relay.ts'
import { closeCode } from './link.ts'

/** The relay's side: what it waits for. */
export type DeviceLogin =
  | { readonly stage: 'hello' }
  | { readonly stage: 'proof'; readonly hello: DevHello; readonly nonce: Uint8Array }

export type DeviceLoginStep =
  | { readonly next: 'say'; readonly state: DeviceLogin; readonly frame: RelayNonce }
  | { readonly next: 'proved'; readonly hello: DevHello }
  | { readonly next: 'close'; readonly code: number }

/** One frame from a handheld that is not logged in yet. `nonce` is fresh: 32 bytes. */
export function stepDeviceLogin(
  state: DeviceLogin,
  frame: Frame,
  relayId: RelayId,
  nonce: Uint8Array,
): DeviceLoginStep {
  if (state.stage === 'hello' && frame.type === 'dev_hello')
    return {
      next: 'say',
      state: { stage: 'proof', hello: frame, nonce },
      frame: { type: 'relay_nonce', relayId, nonce },
    }
  if (state.stage === 'proof' && frame.type === 'dev_auth')
    return provesKey(state.hello, state.nonce, relayId, frame)
      ? { next: 'proved', hello: state.hello }
      : { next: 'close', code: closeCode.loginFailed }
  return { next: 'close', code: closeCode.malformed }
}

function provesKey(hello: DevHello, nonce: Uint8Array, relayId: RelayId, { signature }: DevAuth): boolean {
  const value = deviceLoginValue(relayId, hello.pin, hello.nonce, nonce)
  return verifyDeviceLogin(hello.publicKey, value, signature)
}

export interface DeviceRows {
  readonly byPin: RelayDeviceRow | null
  readonly byKey: RelayDeviceRow | null
  /** Enrolments from this network within the hour, and how many there may be. */
  readonly enrolments: number
  readonly enrolmentsMax: number
}

export type DeviceJudgement =
  | { readonly kind: 'known'; readonly pin: Pin }
  | { readonly kind: 'enrol' }
  | { readonly kind: 'take_back'; readonly pin: Pin }
  | { readonly kind: 'refuse'; readonly code: number }

/** Who the handheld is, after it has proved its key. A certificate counts under any seal key the relay ever had. */
export function judgeDevice(
  hello: DevHello,
  rows: DeviceRows,
  relayId: RelayId,
  sealPublicKeys: readonly Uint8Array[],
): DeviceJudgement {
  const { pin, publicKey, certificate } = hello
  if (pin === null) return rows.byKey ? admit(rows.byKey) : judgeEnrolment(rows)
  if (rows.byPin)
    return sameBytes(rows.byPin.publicKey, publicKey) ? admit(rows.byPin) : refuse(closeCode.loginFailed)
  const claim = pinCertificateValue(relayId, pin, publicKey)
  const certified = certificate && verifyPinCertificate(sealPublicKeys, claim, certificate)
  return certified && !rows.byKey ? { kind: 'take_back', pin } : refuse(closeCode.unknownName)
}

const refuse = (code: number): DeviceJudgement => ({ kind: 'refuse', code })

const admit = ({ pin, suspendedBecause }: RelayDeviceRow): DeviceJudgement =>
  suspendedBecause === null ? { kind: 'known', pin } : refuse(closeCode.suspended)

const judgeEnrolment = ({ enrolments, enrolmentsMax }: DeviceRows): DeviceJudgement =>
  enrolments < enrolmentsMax ? { kind: 'enrol' } : refuse(closeCode.tooMany)

/** The handheld's side: its answer to the relay's nonce, or null where another relay answered. */
export function answerDeviceNonce(
  hello: DevHello,
  { relayId, nonce }: RelayNonce,
  expected: RelayId,
  deviceKey: Ed25519Key,
): DevAuth | null {
  if (relayId !== expected) return null
  const value = deviceLoginValue(relayId, hello.pin, hello.nonce, nonce)
  return { type: 'dev_auth', signature: signDeviceLogin(deviceKey, value) }
}
