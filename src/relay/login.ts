/** A connection's first frames at the relay, until it has a name: drives the pure steps of the two log-ins. */
import { type Pin, parsePin } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { nowSeconds } from '#kernel/clock.ts'
import type { DevHello, Frame, SrpHello } from '#protocol/relay-frame.ts'
import type { RelayName } from '#store/relay.ts'
import { loginKeyContext } from './administration.ts'
import { type DeviceLogin, judgeDevice, stepDeviceLogin } from './device-login.ts'
import type { RelayEnv } from './hub.ts'
import { closeCode, type RelayRole } from './link.ts'
import { greetServer, judgeServer, type SrpLogin } from './srp-login.ts'

export type LoginStep =
  | { readonly next: 'say'; readonly frame: Frame }
  | { readonly next: 'ready'; readonly name: RelayName; readonly frame: Frame }
  | { readonly next: 'close'; readonly code: number }

/** One frame at a time: the next one may come only after the promise. */
export type Login = (frame: Frame) => Promise<LoginStep>

const nonceBytes = 32
const keyBytes = 32
const candidatesPerEnrolment = 8
const hourMs = 3_600_000

export const makeLogin = (role: RelayRole, network: string, env: RelayEnv): Login =>
  role === 'device' ? deviceLogin(network, env) : serverLogin(env)

function deviceLogin(network: string, env: RelayEnv): Login {
  let state: DeviceLogin = { stage: 'hello' }
  return async (frame) => {
    const step = stepDeviceLogin(state, frame, env.identity.relayId, env.random.bytes(nonceBytes))
    if (step.next === 'proved') return admitDevice(step.hello, network, env)
    if (step.next === 'say') state = step.state
    return step
  }
}

async function admitDevice(hello: DevHello, network: string, env: RelayEnv): Promise<LoginStep> {
  const { identity, store, clock } = env
  const rows = {
    byPin: hello.pin ? await store.findDevice(hello.pin) : null,
    byKey: await store.findDeviceByKey(hello.publicKey),
    enrolments: await store.countEnrolments(network, clock.nowMs() - hourMs),
    enrolmentsMax: env.settings.enrolmentsPerNetworkHour,
  }
  const judged = judgeDevice(hello, rows, identity.relayId, identity.sealPublicKeys)
  if (judged.kind === 'refuse') return { next: 'close', code: judged.code }
  if (judged.kind === 'known') return deviceReady(judged.pin, hello, env)
  if (judged.kind === 'enrol') return enrol(hello, network, env)
  const back = await store.takeBack(judged.pin, hello.publicKey, clock.nowMs())
  return back ? deviceReady(judged.pin, hello, env) : { next: 'close', code: closeCode.unknownName }
}

async function enrol({ publicKey }: DevHello, network: string, env: RelayEnv): Promise<LoginStep> {
  const candidates = Array.from({ length: candidatesPerEnrolment }, () => randomPin(env))
  env.failpoint('relay.before_enrolled')
  const pin = await env.store.enrol({ publicKey, candidates, network, nowMs: env.clock.nowMs() })
  env.failpoint('relay.after_enrolled')
  return pin ? deviceReady(pin, { publicKey }, env) : { next: 'close', code: closeCode.tryLater }
}

function randomPin({ random }: RelayEnv): Pin {
  const pin = parsePin(toHex(random.bytes(4)).toUpperCase())
  if (!pin) throw new Error('four bytes make a PIN')
  return pin
}

const deviceReady = (
  pin: Pin,
  { publicKey }: Pick<DevHello, 'publicKey'>,
  { identity, clock }: RelayEnv,
): LoginStep => ({
  next: 'ready',
  name: pin,
  frame: {
    type: 'dev_ok',
    pin,
    now: nowSeconds(clock),
    generation: identity.generation,
    certificate: identity.certify(pin, publicKey),
  },
})

function serverLogin(env: RelayEnv): Login {
  let login: SrpLogin | null = null
  return async (frame) => {
    if (login) return admitServer(login, frame, env)
    if (frame.type !== 'srp_hello') return { next: 'close', code: closeCode.malformed }
    login = await beginServerLogin(frame, env)
    return { next: 'say', frame: greetServer(login, env.identity.relayId) }
  }
}

async function beginServerLogin(hello: SrpHello, env: RelayEnv): Promise<SrpLogin> {
  const row = await env.store.findServer(hello.srpId)
  const key = row && env.vault.open(loginKeyContext(hello.srpId), row.loginKeySealed)
  const nonce = env.random.bytes(nonceBytes)
  const throwAway = env.random.bytes(keyBytes)
  if (row && !key) env.log.error({ name: hello.srpId, code: 'storage_key.wrong' }, 'its key does not open')
  return { hello, nonce, loginKey: key ?? throwAway, known: key !== null }
}

/** The name's row is read again: it may have been suspended while the proof was on its way. */
async function admitServer(login: SrpLogin, frame: Frame, env: RelayEnv): Promise<LoginStep> {
  const { identity, store, clock } = env
  const refusal = judgeServer(login, frame, identity.relayId)
  if (refusal !== null) return { next: 'close', code: refusal }
  const { srpId } = login.hello
  const row = await store.findServer(srpId)
  if (!row) return { next: 'close', code: closeCode.unknownName }
  if (row.suspendedBecause !== null) return { next: 'close', code: closeCode.suspended }
  const { sealKey, generation } = identity
  return {
    next: 'ready',
    name: srpId,
    frame: { type: 'srp_ok', sealKeys: [sealKey.publicKey], now: nowSeconds(clock), generation },
  }
}
