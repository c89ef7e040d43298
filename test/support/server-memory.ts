/** How much memory a server has needed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const kib = 1_024

/** The most the process ever had resident, in bytes (`VmHWM`, proc(5)). */
export function peakMemory(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  assert(found, 'the kernel says no peak')
  return Number(found) * kib
}
