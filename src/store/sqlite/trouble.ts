/** Notes whether what is written is kept, so that an administrator can be told without looking into the log. */
import { Fault } from '#kernel/fault.ts'
import type { StoreTrouble } from '../store.ts'
import type { WriterPort } from './threaded-writer.ts'

export interface NotingWriter extends WriterPort {
  trouble(): StoreTrouble | null
}

/** A write that fails for another reason than the database itself (a name that is taken) says nothing about it. */
export function noteTrouble(writer: WriterPort, nowMs: () => number): NotingWriter {
  let trouble: StoreTrouble | null = null
  return {
    write: async (call) => {
      try {
        const value = await writer.write(call)
        trouble = null
        return value
      } catch (error) {
        if (error instanceof Fault && error.code.startsWith('store.') && trouble?.code !== error.code)
          trouble = { code: error.code, sinceMs: trouble?.sinceMs ?? nowMs() }
        throw error
      }
    },
    close: () => writer.close(),
    trouble: () => trouble,
  }
}
