import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nobleMlKem } from '#crypto/ml-kem-noble.ts'
import { nodeMlKem } from '#crypto/ml-kem-node.ts'
import { toHex } from '#kernel/bytes.ts'
import { decodeEtpBody } from '#protocol/etp.ts'
import { decodeM2 } from '#protocol/exchange.ts'
import { cases } from './mdap1.ts'

const hybrid = cases.filter(({ input }) => input.text('kemEk') !== '')

for (const [name, kem] of Object.entries({ node: nodeMlKem, noble: nobleMlKem }))
  describe(`ML-KEM-768 of ${name}`, () => {
    for (const { input, output } of hybrid) {
      const [seed, ek, ct] = [input.hex('kemSeed'), input.hex('kemEk'), input.hex('kemCt')]

      it('makes the mailed key, the ciphertext of M2 and one secret at both ends', () => {
        equal(toHex(kem.encapsulationKey(seed)), input.text('kemEk'))
        const body = decodeEtpBody(output.hex('etpBody'))
        deepEqual(body.ok && body.value.kemKey, ek)
        const made = kem.encapsulate(ek, input.hex('kemM'))
        deepEqual(made, { ciphertext: ct, secret: input.hex('kemSs') })
        const m2 = decodeM2(output.hex('m2'))
        deepEqual(m2.ok && m2.value.kemCiphertext, ct)
        deepEqual(kem.decapsulate(seed, ct), input.hex('kemSs'))
      })

      it('gives a changed ciphertext another secret, and takes no key that is none', () => {
        const changed = ct.slice()
        changed[7] = (changed[7] ?? 0) ^ 1
        notDeepEqual(kem.decapsulate(seed, changed), input.hex('kemSs'))
        deepEqual(nodeMlKem.decapsulate(seed, changed), nobleMlKem.decapsulate(seed, changed))
        equal(kem.encapsulate(new Uint8Array(1184).fill(0xff), input.hex('kemM')), null)
        equal(kem.encapsulate(ek.subarray(1), input.hex('kemM')), null)
      })
    }
  })

it('has a hybrid case to look at', () => equal(hybrid.length, 1))
