import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '#crypto/hash.ts'
import {
  handshakeKeys,
  masterKey,
  nextTranscriptHash,
  openM3Box,
  openM4Box,
  sealM3Box,
  sealM4Box,
} from '#crypto/key-schedule.ts'
import { utf8 } from '#kernel/bytes.ts'
import { flips } from './flip.ts'

const hash = (text: string) => sha256(utf8(text))
const keys = handshakeKeys(hash('body'), hash('m2'), hash('shared'))
const nonce = new Uint8Array(12).fill(5)
const info = utf8('device or server info')

describe('handshake keys', () => {
  it('differ per direction and change with body, M2, shared key and ML-KEM secret', () => {
    notDeepEqual(keys.d2s, keys.s2d)
    for (const other of [
      handshakeKeys(hash('body 2'), hash('m2'), hash('shared')),
      handshakeKeys(hash('body'), hash('m2 2'), hash('shared')),
      handshakeKeys(hash('body'), hash('m2'), hash('shared 2')),
      handshakeKeys(hash('body'), hash('m2'), hash('shared'), hash('ml-kem')),
    ]) {
      notDeepEqual(other.d2s, keys.d2s)
      notDeepEqual(other.s2d, keys.s2d)
    }
  })

  it('treats an absent ML-KEM secret as an empty one', () => {
    deepEqual(handshakeKeys(hash('body'), hash('m2'), hash('shared'), new Uint8Array(0)), keys)
  })
})

it('binds the master key to suite, key id and every byte of M3', () => {
  const th3 = nextTranscriptHash(keys.th, utf8('m3'))
  const key = masterKey(keys.prk, 1, 7, th3)
  equal(key.length, 32)
  notDeepEqual(masterKey(keys.prk, 2, 7, th3), key)
  notDeepEqual(masterKey(keys.prk, 1, 8, th3), key)
  notDeepEqual(masterKey(keys.prk, 1, 7, nextTranscriptHash(keys.th, utf8('m3!'))), key)
})

describe('the boxes of M3 and M4', () => {
  const boxes = {
    M3: { box: sealM3Box(keys.d2s, keys.th, nonce, info), open: openM3Box, key: keys.d2s },
    M4: { box: sealM4Box(keys.s2d, keys.th, nonce, info), open: openM4Box, key: keys.s2d },
  }
  for (const [name, { box, open, key }] of Object.entries(boxes)) {
    it(`opens ${name}'s unchanged, and not with any byte changed, cut, or in another run`, () => {
      deepEqual(open(key, keys.th, box), info)
      for (const { at, flipped } of flips(box)) equal(open(key, keys.th, flipped), null, `byte ${at}`)
      for (let length = 0; length < box.length; length += 1)
        equal(open(key, keys.th, box.slice(0, length)), null, `length ${length}`)
      equal(open(key, hash('another th'), box), null)
      equal(open(hash('another key'), keys.th, box), null)
    })
  }

  it('are never taken for one another, even under one key and hash', () => {
    equal(openM4Box(keys.d2s, keys.th, boxes.M3.box), null)
    equal(openM3Box(keys.s2d, keys.th, boxes.M4.box), null)
  })
})
