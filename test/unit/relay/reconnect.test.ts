import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Random } from '#kernel/random.ts'
import { makeBucket } from '#kernel/rate.ts'
import { faultOfDial } from '#relay/dial-fault.ts'
import { noteDisplacement } from '#relay/displacement.ts'
import { networkOf } from '#relay/network.ts'
import { afterEnd, endsFailures } from '#relay/reconnect.ts'

const randomOf = (byte: number): Random => ({ bytes: (length) => new Uint8Array(length).fill(byte) })
const end = (code: number, attempt = 0, certificateLeft = false, byte = 0) =>
  afterEnd({ code, attempt, certificateLeft }, randomOf(byte))

function delayOf(code: number, attempt: number, byte: number): number {
  const next = end(code, attempt, false, byte)
  assert.ok(next.kind === 'wait')
  return next.delayMs
}

describe('coming back to the relay', () => {
  it('waits a second, doubling to five minutes, half more or less', () => {
    assert.deepEqual(
      [0, 1, 5, 8, 9, 50].map((attempt) => delayOf(1006, attempt, 0)),
      [500, 1_000, 16_000, 128_000, 150_000, 150_000],
    )
    for (const byte of [1, 0x35, 0x7f]) {
      const delay = delayOf(1006, 3, byte)
      assert.ok(delay >= 4_000 && delay <= 12_000, `${delay}`)
    }
  })

  it('spreads over half a minute after a restart of the relay', () => {
    assert.equal(delayOf(1012, 0, 0), 0)
    const delays = [3, 0x35, 0x55, 0x7f].map((byte) => delayOf(1001, 0, byte))
    assert.ok(delays.every((delay) => delay < 30_000))
    assert.ok(Math.max(...delays) > 1_500)
  })

  it('stops after 4403, 4404, 4409 and 4426, with the reason', () => {
    assert.deepEqual(
      [4403, 4404, 4409, 4426].map((code) => end(code)),
      [
        { kind: 'stop', code: 'relay.suspended' },
        { kind: 'stop', code: 'relay.unknown_name' },
        { kind: 'stop', code: 'relay.displaced' },
        { kind: 'stop', code: 'relay.version' },
      ],
    )
    assert.equal(end(4401).kind, 'wait')
  })

  it('shows its certificate first where it has one', () => {
    assert.deepEqual(end(4404, 0, true), { kind: 'certificate' })
  })

  it('counts a log-in that falls over at once as a failure', () => {
    assert.equal(endsFailures(null, 1006), false)
    assert.equal(endsFailures(1_000, 1006), false)
    assert.equal(endsFailures(60_000, 1006), true)
    assert.equal(endsFailures(1_000, 1012), true)
  })

  it('tells an untrusted certificate from a relay that is away', () => {
    assert.equal(
      faultOfDial(Object.assign(new Error(), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })),
      'relay.untrusted',
    )
    assert.equal(
      faultOfDial(Object.assign(new Error(), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })),
      'relay.untrusted',
    )
    assert.equal(faultOfDial(Object.assign(new Error(), { code: 'ECONNREFUSED' })), 'relay.unreachable')
  })
})

describe('limits by time', () => {
  it('suspects a copied key at five displacements within a minute, not at five in two', () => {
    const run = (stepMs: number) => {
      let times: readonly number[] = []
      let suspend = false
      for (let i = 0; i < 5; i += 1) ({ timesMs: times, suspend } = noteDisplacement(times, i * stepMs))
      return suspend
    }
    assert.equal(run(10_000), true)
    assert.equal(run(20_000), false)
  })

  it('refills a bucket evenly and never above its burst', () => {
    const take = makeBucket({ perSecond: 2, burst: 3 }, 0)
    assert.deepEqual([take(0), take(0), take(0), take(0)], [true, true, true, false])
    assert.deepEqual([take(500), take(500)], [true, false])
    assert.deepEqual([take(60_000), take(60_000), take(60_000), take(60_000)], [true, true, true, false])
  })

  it('counts neighbours as one network', () => {
    assert.equal(networkOf('192.0.2.17'), '192.0.2.0/24')
    assert.equal(networkOf('::ffff:192.0.2.99'), '192.0.2.0/24')
    assert.equal(networkOf('2001:db8:1:2::5'), '2001:db8:1::/48')
    assert.equal(networkOf('2001:db8::1'), '2001:db8:0::/48')
    assert.equal(networkOf('::1'), '0:0:0::/48')
    assert.equal(networkOf(undefined), 'unknown')
  })
})
