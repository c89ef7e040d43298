/** Passwords that people log in with: scrypt in the PHC string format, and quick answers for passwords proved before. */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Random } from '#kernel/random.ts'

/** N = 2^14, r = 8: 16 MiB and some tens of milliseconds per guess. */
const cost = { ln: 14, r: 8, p: 1 }
const hashBytes = 32
/** Passwords that are being checked at one moment: each takes 16 MiB. */
const checksAtOnce = 8
const provedMax = 20_000

/** The password as it is stored: `$scrypt$ln=14,r=8,p=1$salt$hash`. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = Buffer.from(random.bytes(16))
  const hash = await stretch(password, salt)
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${hash.toString('base64')}`
}

export type PasswordCheck = (password: string, hash: string | null) => Promise<boolean>

/**
 * A check that takes as long for an account without password as for a wrong one. A proved pair is remembered
 * for the life of the process, as a keyed digest: a pool that logs in thousands of times pays once per account.
 */
export function makePasswordCheck(): PasswordCheck {
  const key = randomBytes(32)
  const proved = new Set<string>()
  const turn = makeTurns(checksAtOnce)
  return async (password, hash) => {
    const digest = createHmac('sha256', key)
      .update(JSON.stringify([password, hash]))
      .digest('base64')
    if (hash !== null && proved.has(digest)) return true
    const good = await turn(() => verify(password, hash ?? standIn))
    if (!good || hash === null) return false
    if (proved.size >= provedMax) proved.clear()
    proved.add(digest)
    return true
  }
}

const standIn = `$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}==$${'A'.repeat(43)}=`

async function verify(password: string, stored: string): Promise<boolean> {
  const match = /^\$scrypt\$ln=14,r=8,p=1\$([A-Za-z0-9+/=]{24})\$([A-Za-z0-9+/=]{44})$/.exec(stored)
  if (!match) return false
  const hash = await stretch(password, Buffer.from(match[1] ?? '', 'base64'))
  const expected = Buffer.from(match[2] ?? '', 'base64')
  return expected.length === hash.length && timingSafeEqual(expected, hash)
}

function stretch(password: string, salt: Buffer): Promise<Buffer> {
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 64 * 1024 * 1024 }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hashBytes, options, (error, hash) =>
      error ? reject(error) : resolve(hash),
    )
  })
}

/** Runs at most `atOnce` pieces of work at one moment; the rest wait in line. */
function makeTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
