const stepBytes = 4_096

/**
 * Counts line feeds in ranges of one message. The message is walked once however many ranges are asked for:
 * twenty forwards inside each other would otherwise be counted twenty times.
 */
export function makeLineCounter(raw: Buffer): (start: number, end: number) => number {
  let before: Uint32Array | null = null
  return (start, end) => {
    if (end - start <= 2 * stepBytes) return countLines(raw, start, end)
    before ??= countAllSteps(raw)
    const first = Math.ceil(start / stepBytes)
    const last = Math.floor(end / stepBytes)
    const between = (before[last] ?? 0) - (before[first] ?? 0)
    return countLines(raw, start, first * stepBytes) + between + countLines(raw, last * stepBytes, end)
  }
}

/** Line feeds before each step of the message. */
function countAllSteps(raw: Buffer): Uint32Array {
  const before = new Uint32Array(Math.floor(raw.length / stepBytes) + 1)
  for (let step = 1; step < before.length; step += 1)
    before[step] = (before[step - 1] ?? 0) + countLines(raw, (step - 1) * stepBytes, step * stepBytes)
  return before
}

function countLines(raw: Buffer, start: number, end: number): number {
  let lines = 0
  for (let i = start; i < end; i += 1) if (raw[i] === 10) lines += 1
  return lines
}
