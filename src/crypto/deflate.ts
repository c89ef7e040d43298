/** Raw deflate (RFC 1951) for packet contents: one packet at a time, and never more than 1 MiB out. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { limits } from '#kernel/limits.ts'

/** The compressed content, or null where compression does not make it smaller: then it travels as it is. */
export function compress(content: Uint8Array): Uint8Array | null {
  const deflated = deflateRawSync(content)
  return deflated.length < content.length ? new Uint8Array(deflated) : null
}

/** The content again, or null: broken or unfinished stream, bytes after its end, or more than `bytesMax` of content. */
export function inflate(deflated: Uint8Array, bytesMax: number = limits.contentBytesMax): Uint8Array | null {
  try {
    // `info` adds how much input was read, which alone tells whether bytes follow the stream's end.
    const result: unknown = inflateRawSync(deflated, { maxOutputLength: bytesMax, info: true })
    const { content, bytesRead } = inflated(result)
    return bytesRead === deflated.length ? content : null
  } catch {
    return null
  }
}

function inflated(result: unknown): { content: Uint8Array | null; bytesRead: unknown } {
  if (typeof result !== 'object' || result === null || !('buffer' in result) || !('engine' in result))
    return { content: null, bytesRead: undefined }
  const { buffer, engine } = result
  const bytesRead =
    typeof engine === 'object' && engine !== null && 'bytesWritten' in engine
      ? engine.bytesWritten
      : undefined
  return { content: buffer instanceof Uint8Array ? new Uint8Array(buffer) : null, bytesRead }
}
