/**
 * Stretches an activation password into SPAKE2+ input. A profile is the number the ETP message carries; the work
 * behind it is injected, since a simulation of thousands of activations cannot afford the real one.
 */
import { scrypt } from 'node:crypto'
import { concat, lengthValue, utf8 } from '#kernel/bytes.ts'
import { sha256 } from './hash.ts'

/** Length of the output: two 40-byte integers, 64 bits longer than n each, so that their remainders are unbiased. */
export const stretchedBytes = 80

export interface KeyStretching {
  /** The profile's number on the wire, 0..255. */
  readonly profile: number
  /** 80 bytes from the input and the salt; the one asynchronous rule, as it takes about 100 ms of CPU. */
  stretch(input: Uint8Array, salt: Uint8Array): Promise<Uint8Array>
}

const scryptCost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

/** Profile 1: scrypt with N = 2^15, r = 8, p = 1 (RFC 7914). node:crypto's default `maxmem` is too low for it. */
export const scryptStretching: KeyStretching = {
  profile: 1,
  stretch: (input, salt) =>
    new Promise((resolve, reject) => {
      scrypt(input, salt, stretchedBytes, scryptCost, (error, out) =>
        error ? reject(error) : resolve(new Uint8Array(out)),
      )
    }),
}

/**
 * The salt, derived because the handheld needs it before its first message and a directory would be an oracle.
 * `email` is canonical.
 */
export const stretchingSalt = (profile: number, email: string): Uint8Array =>
  sha256(utf8('mdap1 salt'), Uint8Array.of(profile), utf8(email))

/** RFC 9383's input order; the verifier's id is empty, since the handheld cannot know it yet. Both are canonical. */
export const stretchingInput = (password: string, email: string): Uint8Array =>
  concat(lengthValue(utf8(password)), lengthValue(utf8(email)), lengthValue(new Uint8Array(0)))
