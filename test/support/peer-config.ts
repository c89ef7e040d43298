// The directory a peer server runs in, and its configuration rendered from docker/ (the files production uses).

import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peersRoot } from './peers.ts'
import { type Finished, type ProcessOptions, run, type Started, start } from './process.ts'

export interface PeerDirectory {
  readonly path: string
  remove(): Promise<void>
}

/** A certificate chain and its private key, both PEM. */
export interface PeerTls {
  readonly cert: string
  readonly key: string
}

/** A fresh directory; open to read, because the servers' own users must pass through it. */
export async function peerDirectory(name: string): Promise<PeerDirectory> {
  const path = await mkdtemp(join(tmpdir(), `postkey-${name}-`))
  await chmod(path, 0o755)
  return { path, remove: () => removed(path) }
}

/** A peer's directory in the root of its own where it is unpacked. */
export interface ApartDirectory extends PeerDirectory {
  /** The same directory as the programs there see it. */
  readonly inside: string
}

/** A fresh directory for a peer that runs by chroot. */
export async function apartDirectory(name: string): Promise<ApartDirectory> {
  const path = await mkdtemp(join(peersRoot, 'tmp', `postkey-${name}-`))
  await chmod(path, 0o755)
  return { path, inside: path.slice(peersRoot.length), remove: () => removed(path) }
}

// chroot becomes the program, so that its pid is the program's.
const chroot = '/usr/sbin/chroot'

/** Starts a program of the peers' own root; paths are those inside. */
export const startApart = (command: string, args: readonly string[], options?: ProcessOptions): Started =>
  start(chroot, [peersRoot, command, ...args], options)

/** Runs a program of the peers' own root to its end. */
export const runApart = (
  command: string,
  args: readonly string[],
  options?: ProcessOptions,
): Promise<Finished> => run(chroot, [peersRoot, command, ...args], options)

const removed = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 })

/** Path of a file under docker/. */
export const dockerFile = (name: string): string =>
  fileURLToPath(new URL(`../../docker/${name}`, import.meta.url))

/** The templates (names under docker/) one after the other, with each @NAME@ replaced; see docker/README.md. */
export async function renderConfig(
  templates: readonly string[],
  values: Readonly<Record<string, string | number>>,
): Promise<string> {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  const { code, stdout, stderr } = await run('/bin/sh', [
    dockerFile('render.sh'),
    ...templates.map(dockerFile),
    ...pairs,
  ])
  if (code !== 0) throw new Error(stderr)
  return stdout
}
