import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { P256 } from '#crypto/p256.ts'
import { groupOrder } from '#crypto/p256-field.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { registrationRecord, secretsFromStretched } from '#crypto/registration.ts'
import {
  type ProverInput,
  proverFinish,
  proverShare,
  verifierConfirm,
  verifierShare,
} from '#crypto/spake2plus.ts'
import { pointM, pointN } from '#crypto/spake2plus-transcript.ts'
import { uintBytes, utf8 } from '#kernel/bytes.ts'

const scalar = (value: number) => uintBytes(value, 32)
const secrets = { w0: scalar(1_001), w1: scalar(2_002) }
const record = registrationRecord(nodeP256, secrets)
const [x, y] = [scalar(3_003), scalar(4_004)]
const ids = {
  context: utf8('context'),
  idProver: utf8('alice@example.test\x002100000A'),
  idVerifier: utf8('S00000001'),
}

const present = <T>(value: T | null): T => {
  if (value === null) throw new Error('the identity')
  return value
}
const shareP = present(proverShare(nodeP256, secrets.w0, x))

function serverSide(p256: P256 = nodeP256, from = shareP) {
  const result = verifierShare(p256, record, from, y)
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

function handheldSide(changes: Partial<ProverInput> = {}) {
  const { shareV } = serverSide()
  return proverFinish(nodeP256, { ...ids, ...secrets, x, shareP, shareV, ...changes })
}

const serverOutcome = (changes: Partial<typeof ids> = {}) =>
  verifierConfirm({ ...ids, ...serverSide(), w0: record.w0, shareP, ...changes })

/** Counts what a backend is asked to do, as tests of work limits do. */
function counting(inner: P256) {
  const count = { multiply: 0, multiplyBase: 0, multiplyBoth: 0, add: 0 }
  const p256: P256 = {
    multiply: (point, k) => {
      count.multiply += 1
      return inner.multiply(point, k)
    },
    multiplyBase: (k) => {
      count.multiplyBase += 1
      return inner.multiplyBase(k)
    },
    multiplyBoth: (a, b, k) => {
      count.multiplyBoth += 1
      return inner.multiplyBoth(a, b, k)
    },
    add: (a, b) => {
      count.add += 1
      return inner.add(a, b)
    },
  }
  return { p256, count }
}

describe('an exchange with the right password', () => {
  it('gives both sides the same proofs and key', () => {
    deepEqual(handheldSide(), { ok: true, value: serverOutcome() })
  })

  it('gives two different proofs, so that neither can be sent back', () => {
    notDeepEqual(serverOutcome().confirmP, serverOutcome().confirmV)
  })
})

describe('an exchange that must not succeed', () => {
  const proofOf = (result: ReturnType<typeof handheldSide>) => {
    if (!result.ok) throw new Error(result.reason)
    return result.value
  }
  const changes: Readonly<Record<string, Partial<ProverInput>>> = {
    'another w0': { w0: scalar(1_002) },
    'another w1 (what a thief of w0 lacks)': { w1: scalar(2_003) },
    'another PIN': { idProver: utf8('alice@example.test\x002100000B') },
    'another address': { idProver: utf8('bob@example.test\x002100000A') },
    'another server': { idVerifier: utf8('S00000002') },
    'another ETP body or M2': { context: utf8('other') },
  }
  for (const [name, change] of Object.entries(changes)) {
    it(`gives other proofs and another key with ${name}`, () => {
      const theirs = proofOf(handheldSide(change))
      const ours = serverOutcome()
      notDeepEqual(theirs.confirmP, ours.confirmP)
      notDeepEqual(theirs.confirmV, ours.confirmV)
      notDeepEqual(theirs.kShared, ours.kShared)
    })
  }
})

describe("a peer's share", () => {
  const badPoints = {
    'all zero': new Uint8Array(65),
    '64 bytes': shareP.slice(0, 64),
    compressed: shareP.slice(0, 33),
    'off the curve': Uint8Array.from(shareP, (byte, i) => (i === 64 ? byte ^ 1 : byte)),
  }
  for (const [name, point] of Object.entries(badPoints)) {
    it(`is refused by both sides when it is ${name}`, () => {
      deepEqual(verifierShare(nodeP256, record, point, y), { ok: false, reason: 'bad_point' })
      deepEqual(handheldSide({ shareV: point }), { ok: false, reason: 'bad_point' })
    })
  }

  it('is refused by the handheld when it is w0·N, which would make Z the identity', () => {
    const w0N = nodeP256.multiply(pointN, secrets.w0)
    deepEqual(handheldSide({ shareV: w0N }), { ok: false, reason: 'identity' })
  })

  it('is answered by the server like any other when it is w0·M, and no proof over it holds', () => {
    const w0M = nodeP256.multiply(pointM, secrets.w0)
    const share = verifierShare(nodeP256, record, w0M, y)
    ok(share.ok)
    const honest = serverSide()
    deepEqual(share.value.shareV, honest.shareV)
    notDeepEqual(share.value.z, honest.z)
    // All that whoever knows the password can work out: y·G, and so V. Z would take the discrete logarithm of M.
    const yG = nodeP256.multiplyBase(y)
    deepEqual(share.value.v, nodeP256.multiply(yG, secrets.w1))
    notDeepEqual(share.value.z, yG)
    deepEqual(share.value.z, nodeP256.multiply(pointM, y))
  })

  it('is refused when it is our own, sent back', () => {
    deepEqual(handheldSide({ shareV: shareP }), { ok: false, reason: 'reflected' })
    const { shareV } = serverSide()
    deepEqual(verifierShare(nodeP256, record, shareV, y), { ok: false, reason: 'reflected' })
  })
})

describe('the work of a verification', () => {
  it('is one multiplication of the base point and two others together, and two additions', () => {
    const { p256, count } = counting(nodeP256)
    serverSide(p256)
    deepEqual(count, { multiply: 0, multiplyBase: 0, multiplyBoth: 1, add: 2 })
  })

  it('is nothing for a share that is no point', () => {
    const { p256, count } = counting(nodeP256)
    verifierShare(p256, record, new Uint8Array(65), y)
    deepEqual(count, { multiply: 0, multiplyBase: 0, multiplyBoth: 0, add: 0 })
  })
})

describe('stretched passwords', () => {
  it('are refused where w0 or w1 is 0 modulo n', () => {
    const zero = uintBytes(groupOrder * 3n, 40)
    const good = uintBytes(groupOrder + 5n, 40)
    const joined = (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b])
    equal(secretsFromStretched(joined(zero, good)), null)
    equal(secretsFromStretched(joined(good, zero)), null)
    deepEqual(secretsFromStretched(joined(good, good)), { w0: scalar(5), w1: scalar(5) })
  })
})
