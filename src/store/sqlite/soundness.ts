/** What is looked at before a database file is used: damage that is found later would be written into backups. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { Fault } from '#kernel/fault.ts'
import { openDatabase } from './database.ts'

/** Files up to this size are read whole at each start of a server; docs/decisions/0006-damage-at-start.md. */
export const wholeCheckBytesMax = 256 * 1024 * 1024

const fileHeaderBytes = 100
const logHeaderBytes = 32
/** A write-ahead log begins with one of these, by the byte order of its checksums. */
const logMagics = [0x377f0682, 0x377f0683]

/**
 * @param wholeBytesMax a larger file is not read whole
 * @throws Fault store.damaged
 */
export function assertSound(path: string, wholeBytesMax: number): void {
  const bytes = sizeOf(path)
  if (bytes === 0) return
  const problem = headerProblem(path, bytes) ?? (bytes <= wholeBytesMax ? contentProblem(path) : null)
  if (problem) throw new Fault('store.damaged', problem)
}

/** What the headers of the file and of its log show; null where nothing is wrong. */
export function headerProblem(path: string, bytes = sizeOf(path)): string | null {
  const log = `${path}-wal`
  const logBytes = sizeOf(log)
  // An all-zero beginning is what a power cut leaves of a log that nothing was committed to yet.
  if (logBytes >= logHeaderBytes && !isLogHeader(headOf(log, logHeaderBytes)))
    return `${log} is no write-ahead log`
  const promised = promisedBytes(headOf(path, fileHeaderBytes))
  // What is in the log may not be in the file yet.
  if (logBytes === 0 && promised > bytes) return `${path} has ${bytes} of ${promised} bytes`
  return null
}

const isLogHeader = (head: Buffer): boolean =>
  logMagics.includes(head.readUInt32BE(0)) || head.every((byte) => byte === 0)

/** Page size times number of pages, as the file's header says; 0 where it says nothing. */
function promisedBytes(head: Buffer): number {
  if (head.length < fileHeaderBytes) return 0
  const size = head.readUInt16BE(16)
  return (size === 1 ? 65_536 : size) * head.readUInt32BE(28)
}

function contentProblem(path: string): string | null {
  const db = openDatabase(path, 'read')
  try {
    const [first] = db.all<{ quick_check: string }>('PRAGMA quick_check(1)')
    return first && first.quick_check !== 'ok' ? `${path}: ${first.quick_check}` : null
  } finally {
    db.close()
  }
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0)

function headOf(path: string, length: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(length)
    return head.subarray(0, readSync(file, head, 0, length, 0))
  } finally {
    closeSync(file)
  }
}
