/** How a registration record is written before it is sealed: w0, L, w0·M, w0·N one after the other. */
import { concat } from '#kernel/bytes.ts'
import type { RegistrationRecord } from './spake2plus.ts'

const scalarBytes = 32
const pointBytes = 65
export const registrationRecordBytes = scalarBytes + 3 * pointBytes

export const encodeRegistrationRecord = (record: RegistrationRecord): Uint8Array =>
  concat(record.w0, record.l, record.w0m, record.w0n)

/** Null where the length is not a record's. */
export function decodeRegistrationRecord(bytes: Uint8Array): RegistrationRecord | null {
  if (bytes.length !== registrationRecordBytes) return null
  const point = (index: number) => {
    const start = scalarBytes + index * pointBytes
    return bytes.slice(start, start + pointBytes)
  }
  return { w0: bytes.slice(0, scalarBytes), l: point(0), w0m: point(1), w0n: point(2) }
}

/** The vault's context of a user's record: it opens nowhere else. */
export const recordContext = (address: string, profile: number): string =>
  `registration_record/${address}/${profile}`
