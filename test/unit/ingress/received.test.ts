import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLooping } from '#ingress/received.ts'

const withHops = (count: number, body = '') =>
  Buffer.from(`${'Received: from a\r\n\tby b\r\n'.repeat(count)}Subject: x\r\n\r\n${body}`)

test('a message may have passed a hundred servers before this one, and goes in circles after more', () => {
  assert.equal(isLooping(withHops(1 + 100)), false)
  assert.equal(isLooping(withHops(1 + 101)), true)
})

test('a body that speaks of hops is no loop', () => {
  assert.equal(isLooping(withHops(1, 'Received: from a\r\n'.repeat(200))), false)
})
