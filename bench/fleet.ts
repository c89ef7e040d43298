/**
 * `npm run bench:fleet [-- --users 500 --parallel 32]`: what `npm start` starts, so many users added with passwords
 * as an administrator adds them, and `postkey handheld fleet` against it in a process of its own. Prints what came
 * of it, the throughput, the server's peak memory and what an activation leaves on the disk.
 */
import { spawnSync } from 'node:child_process'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { FleetReport } from '#handheld/fleet.ts'
import { type Postkey, startPostkey, temporaryDirectory } from './support/helper.ts'

const bin = join(import.meta.dirname, '..', 'bin', 'postkey')
const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** Runs `postkey` beside the server; its standard output. */
function cli(postkey: Postkey, ...args: readonly string[]): string {
  const settings = ['--set', `server.data_dir=${postkey.data}`]
  const { stdout, stderr } = spawnSync(bin, [...settings, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (stdout === '') throw new Error(`postkey ${args.join(' ')}: ${stderr}`)
  return stdout
}

const storeBytes = ({ data }: Postkey): number =>
  ['postkey.db', 'postkey.db-wal'].reduce((sum, name) => sum + statSync(join(data, name)).size, 0)

/** How many users have exactly one handheld, and how many of their activations are complete. */
async function census({ admin }: Postkey, emails: ReadonlySet<string>) {
  const handhelds = (await admin.handhelds.list()).filter(({ user }) => user !== null && emails.has(user))
  const perUser = Map.groupBy(handhelds, ({ user }) => user)
  return { handhelds: handhelds.length, once: [...perUser.values()].filter((own) => own.length === 1).length }
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { users: { type: 'string', default: '500' }, parallel: { type: 'string', default: '32' } },
  })
  const count = Number(values.users)
  const directory = temporaryDirectory()
  const postkey = await startPostkey('start')
  try {
    const emails = Array.from({ length: count }, (_, i) => `fleet${i}@example.test`)
    const [from, passwords] = [join(directory, 'users.csv'), join(directory, 'passwords.csv')]
    writeFileSync(from, `address\n${emails.join('\n')}\n`)
    const addedMs = performance.now()
    cli(postkey, 'user', 'import', from, '--passwords', '--output', passwords, '-o', 'json')
    print(`${count} users added with passwords in ${((performance.now() - addedMs) / 1000).toFixed(0)} s`)
    const [bytesBefore, kibBefore] = [storeBytes(postkey), postkey.peakKib()]
    const trust = join(postkey.data, 'handheld.json')
    const fleet = ['handheld', 'fleet', '--users', passwords, '--parallel', values.parallel, '--trust', trust]
    const report = JSON.parse(cli(postkey, ...fleet, '-o', 'json')) as FleetReport
    const seconds = report.elapsedMs / 1000
    const { handhelds, once } = await census(postkey, new Set(emails))
    print(
      `${report.complete} of ${report.total} complete, ${once} users with exactly one handheld, ${handhelds} in all`,
    )
    if (report.failed.length > 0) print(JSON.stringify(report.failed))
    print(`${seconds.toFixed(1)} s, ${(report.complete / seconds).toFixed(1)} activations a second`)
    print(
      `half within ${((report.p50Ms ?? 0) / 1000).toFixed(2)} s, 99 % within ${((report.p99Ms ?? 0) / 1000).toFixed(2)} s`,
    )
    print(
      `VmHWM ${(postkey.peakKib() / 1024).toFixed(0)} MiB (${(kibBefore / 1024).toFixed(0)} MiB before the fleet)`,
    )
    print(
      `${((storeBytes(postkey) - bytesBefore) / 1024 / count).toFixed(1)} KiB of store for each activation`,
    )
    return report.complete === count && once === count && handhelds === count
  } finally {
    await postkey.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

process.exit((await main()) ? 0 : 1)
