/**
 * `npm run bench:soak [-- --minutes 5 --mailboxes 1000]`: the agent watches a real Dovecot under steady mail, with every
 * way of watching; memory, connections and file descriptors are printed as they go, and must not grow.
 */
import { readdirSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startWatching, type Watching } from '#agent/watching.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { deliverByLmtp } from '../test/contract/lmtp.ts'
import { heapBytes } from '../test/support/heap.ts'
import { exampleMail } from '../test/unit/agent/mails.ts'
import { allLookedAt, nothingElse } from './support/detection.ts'
import { type MailSite, startMailSite } from './support/many-mailboxes.ts'
import { agentParts } from './support/watch-agent.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, mailboxes: { type: 'string', default: '1000' } },
})
const [minutes, count] = [Number(values.minutes), Number(values.mailboxes)]
const mib = 1024 * 1024
/** Past the first tenth everything is warm; what a mail server and a garbage collector do meanwhile is below this. */
const heapGrowthMax = 4 * mib
const everyMs = 10_000
const mailEveryMs = 100

interface Sample {
  readonly heap: number
  readonly rss: number
  readonly descriptors: number
  readonly connections: number
}

async function sample(watching: Watching): Promise<Sample> {
  const { open, idling } = watching.poolStats()
  const heap = await heapBytes()
  return {
    heap,
    rss: process.memoryUsage().rss,
    descriptors: readdirSync('/proc/self/fd').length,
    connections: open + idling,
  }
}

/** One mail after the other, each to the next user; returns how many there were. */
async function deliverUntil(site: MailSite, endMs: number): Promise<number> {
  let sent = 0
  for (; performance.now() < endMs; sent += 1) {
    await deliverByLmtp(
      site.dovecot.lmtpPort,
      site.owners[sent % site.owners.length] as MailAddress,
      exampleMail,
    )
    await after(mailEveryMs)
  }
  return sent
}

const line = ({ heap, rss, descriptors, connections }: Sample): string =>
  `heap ${(heap / mib).toFixed(1)} MiB, resident ${(rss / mib).toFixed(0)} MiB, ${descriptors} descriptors, ${connections} connections`

async function main(): Promise<void> {
  const site = await startMailSite(count)
  const agent = agentParts(site.dovecot, site.owners, site.owners.slice(0, 8))
  const options = { ...nothingElse, pollMs: 1_000, scanIntervalMs: 20_000, idleConnectionsMax: 8 }
  const watching = startWatching(agent.parts, options)
  await allLookedAt(watching, count)
  const endMs = performance.now() + minutes * 60_000
  const mails = deliverUntil(site, endMs)
  const samples: Sample[] = []
  while (performance.now() < endMs) {
    await after(everyMs)
    const now = await sample(watching)
    samples.push(now)
    process.stdout.write(`${line(now)}; ${agent.found.length} mails found\n`)
  }
  const sent = await mails
  for (let left = 100; agent.found.length < sent && left > 0; left -= 1) await after(100)
  const warm = samples[Math.floor(samples.length / 10)] as Sample
  const last = samples.at(-1) as Sample
  const isSteady =
    last.heap - warm.heap < heapGrowthMax &&
    last.descriptors <= warm.descriptors + 2 &&
    last.connections <= warm.connections + 2
  await watching.close()
  await agent.close()
  await site.stop()
  process.stdout.write(
    `${minutes} min, ${count} mailboxes, ${sent} mails, ${agent.found.length} found; heap grew by ${((last.heap - warm.heap) / 1024).toFixed(0)} KiB: ${isSteady && agent.found.length === sent ? 'steady' : 'NOT STEADY'}\n`,
  )
  process.exitCode = isSteady && agent.found.length === sent ? 0 : 1
}

await main()
process.exit()
