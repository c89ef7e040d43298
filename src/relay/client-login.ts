/** The client's side of the two log-ins, frame by frame, for the one connection logic both share. */

import type { Pin } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { DevHello, Frame, SrpHello } from '#protocol/relay-frame.ts'
import { answerDeviceNonce } from './device-login.ts'
import type { DeviceConnection, DeviceReady, ServerConnection, ServerReady } from './relay-client.ts'
import { answerServerNonce } from './srp-login.ts'

export type ClientLoginStep<Info> =
  | { readonly next: 'say'; readonly frame: Frame }
  | { readonly next: 'ready'; readonly info: Info }
  | { readonly next: 'fail'; readonly code: FaultCode }

/** One run of a log-in. */
export interface ClientLogin<Info> {
  hello(): Frame
  take(frame: Frame): ClientLoginStep<Info>
}

/** What stays the same between the log-ins of one client. */
export interface ClientIdentity<Info> {
  /** Asked before each dialling: why this machine may not log in any more. */
  readonly refusal: ServerConnection['refusal'] | null
  begin(): ClientLogin<Info>
  /** The relay knew the name no more: true where a certificate is left to be shown in the next log-in. */
  showCertificate(): boolean
}

const nonceBytes = 32
const fail = (code: FaultCode) => ({ next: 'fail', code }) as const

export function serverIdentity(connection: ServerConnection): ClientIdentity<ServerReady> {
  const { srpId, srpKey, relayId, random, pinnedSealKeys } = connection
  return {
    refusal: connection.refusal ?? null,
    showCertificate: () => false,
    begin: () => {
      const hello: SrpHello = { type: 'srp_hello', srpId, nonce: random.bytes(nonceBytes) }
      let proved = false
      return {
        hello: () => hello,
        take: (frame) => {
          if (!proved && frame.type === 'srp_nonce') {
            const answer = answerServerNonce(hello, frame, relayId, srpKey)
            proved = answer !== null
            return answer ? { next: 'say', frame: answer } : fail('relay.not_proved')
          }
          if (!proved || frame.type !== 'srp_ok') return fail('relay.protocol')
          const { now, generation, sealKeys } = frame
          const unconfirmedSealKeys =
            pinnedSealKeys.length === 0
              ? []
              : sealKeys.filter((key) => !pinnedSealKeys.some((pinned) => sameBytes(pinned, key)))
          return { next: 'ready', info: { now, generation, sealKeys, unconfirmedSealKeys } }
        },
      }
    },
  }
}

/** Remembers the PIN it was given, and the newest certificate. */
export function deviceIdentity(connection: DeviceConnection): ClientIdentity<DeviceReady> {
  const { deviceKey, relayId, random } = connection
  let pin: Pin | null = connection.pin
  let certificate = connection.certificate
  let shown = false
  const makeHello = (): DevHello => ({
    type: 'dev_hello',
    pin,
    publicKey: deviceKey.publicKey,
    nonce: random.bytes(nonceBytes),
    ...(shown && certificate ? { certificate } : {}),
  })
  return {
    refusal: null,
    showCertificate: () => {
      const left = !shown && certificate !== undefined
      shown = left
      return left
    },
    begin: () => {
      const hello = makeHello()
      let answered = false
      return {
        hello: () => hello,
        take: (frame) => {
          if (!answered && frame.type === 'relay_nonce') {
            const answer = answerDeviceNonce(hello, frame, relayId, deviceKey)
            answered = answer !== null
            return answer ? { next: 'say', frame: answer } : fail('relay.not_proved')
          }
          if (!answered || frame.type !== 'dev_ok') return fail('relay.protocol')
          if (hello.pin !== null && frame.pin !== hello.pin) return fail('relay.protocol')
          pin = frame.pin
          certificate = frame.certificate
          shown = false
          const { now, generation } = frame
          return { next: 'ready', info: { pin, certificate, now, generation } }
        },
      }
    },
  }
}
