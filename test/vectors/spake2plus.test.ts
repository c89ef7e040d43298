import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { p256 as noble } from '@noble/curves/nist.js'
import { scryptStretching, stretchingInput, stretchingSalt } from '#crypto/key-stretching.ts'
import type { P256 } from '#crypto/p256.ts'
import { nobleP256 } from '#crypto/p256-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { deriveSecrets, register, registrationRecord, secretsFromStretched } from '#crypto/registration.ts'
import { proverFinish, proverShare, verifierConfirm, verifierShare } from '#crypto/spake2plus.ts'
import {
  type PakeTranscript,
  pakeKeys,
  pointM,
  pointN,
  transcriptBytes,
} from '#crypto/spake2plus-transcript.ts'
import { toHex, utf8 } from '#kernel/bytes.ts'
import { canonicalEmail, canonicalPassword } from '#protocol/canonical.ts'
import { cases, rfc9383, type Values } from './mdap1.ts'

const backends: Readonly<Record<string, P256>> = { 'node:crypto': nodeP256, noble: nobleP256 }

/** Runs both sides over the given identities and holds every value of one group of vectors against them. */
function checkExchange(
  p256: P256,
  secret: Values,
  shared: Values,
  ids: Pick<PakeTranscript, 'context' | 'idProver' | 'idVerifier'>,
) {
  const w0 = shared.hex('w0')
  const w1 = shared.hex('w1')
  const x = secret.hex('x')
  const record = registrationRecord(p256, { w0, w1 })
  equal(toHex(record.l), shared.text('L'))

  const shareP = proverShare(p256, w0, x)
  if (!shareP) throw new Error('shareP is the identity')
  equal(toHex(shareP), shared.text('shareP'))
  const verifier = verifierShare(p256, record, shareP, secret.hex('y'))
  if (!verifier.ok) throw new Error(verifier.reason)
  const { shareV, z, v } = verifier.value
  equal(toHex(shareV), shared.text('shareV'))
  equal(toHex(z), shared.text('Z'))
  equal(toHex(v), shared.text('V'))

  const transcript = { ...ids, shareP, shareV, z, v, w0 }
  const keys = pakeKeys(transcriptBytes(transcript))
  equal(toHex(keys.main), shared.text('K_main'))
  equal(toHex(keys.confirmP), shared.text('K_confirmP'))
  equal(toHex(keys.confirmV), shared.text('K_confirmV'))
  const outcome = verifierConfirm(transcript)
  equal(toHex(outcome.confirmP), shared.text('confirmP'))
  equal(toHex(outcome.confirmV), shared.text('confirmV'))
  equal(toHex(outcome.kShared), shared.text('K_shared'))
  deepEqual(proverFinish(p256, { ...ids, w0, w1, x, shareP, shareV }), { ok: true, value: outcome })
  return transcript
}

it('uses the M and N of RFC 9383', () => {
  equal(
    toHex(noble.Point.fromBytes(pointM).toBytes(true)),
    '02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f',
  )
  equal(
    toHex(noble.Point.fromBytes(pointN).toBytes(true)),
    '03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49',
  )
})

for (const [name, p256] of Object.entries(backends)) {
  describe(`SPAKE2+ on ${name}`, () => {
    it("gives the values of RFC 9383's P-256 vector", () => {
      checkExchange(p256, rfc9383, rfc9383, {
        context: utf8(rfc9383.text('context')),
        idProver: utf8(rfc9383.text('idProver')),
        idVerifier: utf8(rfc9383.text('idVerifier')),
      })
    })

    for (const [index, { input, output }] of cases.entries()) {
      it(`gives the values of case ${index}`, () => {
        const transcript = checkExchange(p256, input, output, {
          context: output.hex('context'),
          idProver: output.hex('idProver'),
          idVerifier: utf8(input.text('srp')),
        })
        equal(toHex(transcriptBytes(transcript)), output.text('TT'))
      })
    }
  })
}

for (const [index, { input, output }] of cases.entries()) {
  it(`stretches the password of case ${index} into w0, w1 and the registration record`, async () => {
    const email = canonicalEmail(input.text('email'))
    const password = canonicalPassword(input.text('password'))
    if (!email.ok || password === null) throw new Error('not canonical')
    const salt = stretchingSalt(1, email.value)
    equal(toHex(salt), output.text('kdfSalt'))
    const okm = await scryptStretching.stretch(stretchingInput(password, email.value), salt)
    equal(toHex(okm), output.text('okm'))
    const secrets = secretsFromStretched(okm)
    deepEqual(secrets, { w0: output.hex('w0'), w1: output.hex('w1') })
    deepEqual(await deriveSecrets(scryptStretching, email.value, password), secrets)
    const record = await register(nodeP256, scryptStretching, email.value, password)
    equal(toHex(record.l), output.text('L'))
    deepEqual(record.w0m, nobleP256.multiply(pointM, output.hex('w0')))
    deepEqual(record.w0n, nobleP256.multiply(pointN, output.hex('w0')))
  })
}
