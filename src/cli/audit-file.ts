/** Exports of the audit log on this machine's disk: written, and looked at without the server. */
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { AuditVerdict } from '#admin/access/views.ts'
import { verdict } from '#admin/audit/audit.ts'
import { type ChainBreak, checkChain, emptyHead } from '#audit/chain.ts'
import { decodeExported, exportLineMax } from '#audit/export.ts'
import { Fault } from '#kernel/fault.ts'
import { fileFault } from '#kernel/file-fault.ts'

/**
 * A new file for its owner alone; where the export breaks off, none.
 * @returns how many lines of the log it holds
 * @throws Fault admin.file where it exists already or cannot be written
 */
export async function exportTo(cwd: string, file: string, lines: AsyncIterable<string>): Promise<number> {
  const path = resolve(cwd, file)
  const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw fileFault(file, error)
  })
  let written = 0
  try {
    for await (const line of lines) {
      await handle.write(`${line}\n`)
      written += 1
    }
    await handle.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error instanceof Fault ? error : fileFault(file, error)
  } finally {
    await handle.close()
  }
  // The last one is the head.
  return written - 1
}

/** @throws Fault admin.file, audit.unreadable */
export async function verifyFile(cwd: string, file: string): Promise<AuditVerdict> {
  const check = checkChain()
  let head = null
  let broken: ChainBreak | null = null
  try {
    for await (const text of linesOf(resolve(cwd, file))) {
      const read = decodeExported(text)
      if (!read.ok && check.checked() === 0) throw new Fault('audit.unreadable', `${file}: ${read.fault.at}`)
      if (head) broken = { kind: 'beyond', seq: head.seq + 1 }
      else if (!read.ok) broken = { kind: 'changed', seq: check.checked() + 1 }
      else if (read.value.kind === 'head') head = read.value.head
      else broken = check.next(read.value.line)
      if (broken) break
    }
  } catch (error) {
    throw error instanceof Fault ? error : fileFault(file, error)
  }
  // A file without its last line was cut off, wherever that was.
  broken ??= head ? check.end(head) : { kind: 'cut_off', seq: check.checked() + 1 }
  return verdict(check.checked(), broken, head ?? emptyHead)
}

/** Lines of a file of any size, each no longer than a little more than a line of the log may be. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path, { encoding: 'utf8' })
  let length = 0
  input.on('data', (chunk) => {
    const last = chunk.lastIndexOf('\n')
    length = last < 0 ? length + chunk.length : chunk.length - last
    if (length > 2 * exportLineMax) input.destroy(new Fault('audit.unreadable', 'a line without an end'))
  })
  const failed = new Promise<never>((_resolve, reject) => input.once('error', reject))
  failed.catch(() => {})
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), failed])
      if (next.done) return
      yield next.value
    }
  } finally {
    input.destroy()
  }
}
