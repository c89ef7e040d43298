/** The server's whole part of SPAKE2+ for one activation against one bare ECDH on the same curve. */
import { createECDH, randomBytes } from 'node:crypto'
import { nodeP256 } from '#crypto/p256-node.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import { registrationRecord } from '#crypto/registration.ts'
import { proverShare, verifierConfirm, verifierShare } from '#crypto/spake2plus.ts'
import { atLeast, compared, type Part } from './support/part.ts'
import { inTurn, perSecond } from './support/rounds.ts'

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
const curve = 'prime256v1'
const burst = 8

/** One verification: the share from a stored record and the handheld's share, then both proofs. */
export function makeVerification(): () => void {
  const secrets = { w0: randomScalar(random), w1: randomScalar(random) }
  const record = registrationRecord(nodeP256, secrets)
  const shareP = proverShare(nodeP256, secrets.w0, randomScalar(random))
  const context = random.bytes(32)
  const ids = { idProver: random.bytes(40), idVerifier: random.bytes(20) }
  if (!shareP) throw new Error('a share that is the identity')
  return () => {
    const share = verifierShare(nodeP256, record, shareP, randomScalar(random))
    if (!share.ok) throw new Error(share.reason)
    verifierConfirm({ ...share.value, ...ids, context, shareP, w0: record.w0 })
  }
}

function makeEcdh(): () => void {
  const own = createECDH(curve)
  own.generateKeys()
  const peer = createECDH(curve).generateKeys()
  return () => void own.computeSecret(peer)
}

const many = (work: () => void) => () => {
  for (let i = 0; i < burst; i += 1) work()
}

export const part: Part = {
  about: 'the SPAKE2+ verifier against one bare P-256 ECDH of node:crypto',
  run: async (options) => {
    const rounds = options.quick ? 7 : 15
    const roundMs = options.quick ? 80 : 400
    const [verify, ecdh] = [many(makeVerification()), many(makeEcdh())]
    const figures = await inTurn(options, rounds, {
      ecdh: async () => burst * (await perSecond(roundMs, ecdh)),
      verifier: async () => burst * (await perSecond(roundMs, verify)),
    })
    const work = Math.round(figures.verifier.reduce((sum, rate) => sum + (rate * roundMs) / 1000, 0))
    return [
      compared({
        name: 'SPAKE2+ verifier',
        unit: '1/s',
        values: figures.verifier,
        floors: figures.ecdh,
        floor: 'bare ECDH',
        work,
        target: atLeast(0.12),
      }),
    ]
  },
}
