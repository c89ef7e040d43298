import { userInfo } from 'node:os'

/** Who runs this process: under sudo the person who did, else the user's name, or number where it has no name. */
export function osUser(env: Readonly<Record<string, string | undefined>>): string {
  const own = ownName()
  return env.SUDO_USER && own !== env.SUDO_USER ? `${own}(${env.SUDO_USER})` : own
}

function ownName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}
