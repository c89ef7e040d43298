// The directory a peer server runs in, and its configuration rendered from docker/ (the files production uses).

import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './process.ts'

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
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

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
