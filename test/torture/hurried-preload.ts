/**
 * Loaded into a server before anything else: its timers run out TEST_HURRY times sooner, so that it loses patience with
 * a silent peer in seconds. The date stays the machine's, and so do short waits, which leave room for an answer.
 */
const speed = Number(process.env.TEST_HURRY ?? 1)
const shortMs = 2_000
const { setTimeout: slow } = globalThis
const now = performance.now.bind(performance)

const hurried = (fn: () => void, delayMs = 0, ...rest: []) =>
  slow(fn, delayMs < shortMs ? delayMs : delayMs / speed, ...rest)
globalThis.setTimeout = Object.assign(hurried, slow) as typeof globalThis.setTimeout
performance.now = () => now() * speed
