/** What a handheld keeps instead of its own password: scrypt over it, so that a stolen file costs a guess its time. */
import { scryptSync } from 'node:crypto'
import { utf8 } from '#kernel/bytes.ts'

export const devicePasswordSaltBytes = 16
const hashBytes = 32
/** RFC 7914 with 16 MiB, about 40 ms: a person waits for it, and a simulation has few of them. */
const cost = { N: 2 ** 14, r: 8, p: 1, maxmem: 32 * 1024 * 1024 }

/** 32 bytes. The same text typed on another keyboard may be composed otherwise, hence NFC. */
export const devicePasswordHash = (password: string, salt: Uint8Array): Uint8Array =>
  new Uint8Array(scryptSync(utf8(password.normalize('NFC')), salt, hashBytes, cost))
