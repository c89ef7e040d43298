// Asks whether a real program the tests talk to is on this machine; `npm run peers` installs them.

import { existsSync, readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'

export type Peer =
  | 'dovecot'
  | 'dovecot-sieve'
  | 'postfix'
  | 'cyrus'
  | 'exim'
  | 'swaks'
  | 'promtool'
  | 'mbsync'
  | 'mutt'
  | 'curl'
  | 'openssl'
  | 'sqlite3'
  | 'slapd'
  | 'strace'
  | 'zsh'
  | 'fish'
  | 'systemd'
  | 'python3'
  | 'python3-cryptography'
  | 'python3-cbor2'
  | 'python3-idna'
  | 'python3-websockets'

/** Debian's Python, the one that the python3-* packages belong to; the one on the PATH may be another. */
export const debianPython = '/usr/bin/python3'

/** Where peers.sh unpacks the servers that apt does not install beside the others; they run there by chroot. */
export const peersRoot = process.env.POSTKEY_PEERS_ROOT ?? '/var/cache/postkey-peers'

// Postfix's master and its `postfix` command refuse to work for anybody else, and so does chroot.
const startedByRootOnly: readonly Peer[] = ['postfix', 'cyrus', 'exim']

/**
 * True when every peer is there. Otherwise the test is marked as skipped and must return; with CI=true, where
 * nothing may be skipped, it throws.
 */
export function needPeer(t: TestContext, ...peers: readonly Peer[]): boolean {
  const missing = missingPeer(...peers)
  if (missing === false) return true
  t.skip(missing)
  return false
}

/** For `test(name, { skip: missingPeer('dovecot') }, …)`: false, or why to skip. With CI=true it throws instead. */
export function missingPeer(...peers: readonly Peer[]): string | false {
  const missing = peers.map(whyMissing).find((why) => why !== undefined)
  if (missing === undefined) return false
  if (process.env.CI === 'true') throw new Error(missing)
  return missing
}

function whyMissing(peer: Peer): string | undefined {
  const proofs = peerProofs().get(peer)
  if (proofs === undefined) throw new Error(`${peer} is not in peers.txt`)
  if (!proofs.every((path) => existsSync(path))) return `${peer} is not installed: npm run peers`
  if (startedByRootOnly.includes(peer) && process.getuid?.() !== 0)
    return `${peer} can be started by root only`
  return undefined
}

/** Files that prove each peer, by its name. */
export function peerProofs(): ReadonlyMap<string, readonly string[]> {
  const rows = readFileSync(new URL('./peers.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
  const path = (proof: string): string => proof.replace(/^ROOT(?=\/)/, peersRoot)
  return new Map(rows.map(([name = '', , proofs = '']) => [name, proofs.split(',').map(path)]))
}
