/** As whom a command asks: a token from a file or the environment, else whoever runs it. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Credentials } from '#admin/access/desk.ts'
import { fileFault } from '#kernel/file-fault.ts'
import type { RunDeps } from './deps.ts'

/** @throws Fault admin.file */
export function credentialsOf(deps: RunDeps, tokenFile: string | undefined): Credentials {
  const { osUser, env, cwd } = deps
  if (tokenFile !== undefined) return { osUser, token: firstLine(resolve(cwd, tokenFile)) }
  return { osUser, token: env.POSTKEY_TOKEN ? env.POSTKEY_TOKEN.trim() : null }
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/)[0]?.trim() ?? ''
  } catch (error) {
    throw fileFault(path, error)
  }
}
