/** How many SQL statements one changed policy costs for each handheld: the shipping desk over a store in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { workOff } from '#agent/desk/desk.ts'
import { reconcileAll } from '#agent/desk/reconcile.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { takePacket } from '#agent/inbound-packet.ts'
import { makeNumbers } from '#agent/numbers.ts'
import { keyContext } from '#agent/packets.ts'
import { makeCa, makePolicySigner } from '#crypto/certificate.ts'
import { nobleMlKem } from '#crypto/ml-kem-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { directionKeys, sealPacketBody } from '#crypto/packet.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'
import { signOnThread } from '#crypto/rsa-sign.ts'
import { openColumn, sealColumn } from '#crypto/sealed-column.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { MailAddress, Pin, RelayId, SrpId } from '#kernel/brand.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { ackStatus, encodeAck } from '#protocol/ack.ts'
import { contentTypes, encodePacket, encodePacketHeader } from '#protocol/packet-frame.ts'
import type { Delivery } from '#store/deliveries.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { type AtWork, addHandheld } from '../../test/unit/admin/handheld-at-work.ts'

const masterKey = new Uint8Array(32).fill(5)

/** The mean over so many handhelds, from the change of the policy until each has acknowledged it. */
export async function statementsOfOneChange(count: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-bench-'))
  const store = openSqliteStore({
    path: join(directory, 'postkey.db'),
    writer: 'inline',
    nowMs: systemClock.nowMs,
  })
  try {
    const env = await agentOn(store)
    const handhelds: AtWork[] = []
    for (let i = 0; i < count; i += 1) {
      const pin = (0x21000000 + i).toString(16).toUpperCase() as Pin
      const address = `user${i}@example.test` as MailAddress
      const seal = (one: Pin, kid: number) => env.vault.seal(keyContext(one, kid), masterKey)
      handhelds.push(await addHandheld(store, env.clock.nowMs(), pin, address, seal))
    }
    await change(env, { password_min_length: 5 }, handhelds)
    return (await change(env, { password_min_length: 6 }, handhelds)) / count
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Changes the default policy, sends it to all and lets all answer. Returns how many statements that took. */
async function change(
  env: AgentEnv,
  rules: Readonly<Record<string, number>>,
  handhelds: readonly AtWork[],
): Promise<number> {
  const { store, clock } = env
  const numbers = makeNumbers(store)
  const policy = await store.policies.find('default')
  if (!policy) throw new Error('there is a default policy')
  const { id, revision: expected } = policy
  const counter = countStatements()
  await store.policies.change({ id, expected, rules, note: '', nowMs: clock.nowMs() })
  await reconcileAll(env)
  for (;;) {
    while ((await workOff(env, numbers)) > 0);
    const running = await Promise.all(handhelds.map(({ pin }) => store.deliveries.runningFor({ pin })))
    const out = running.flat()
    if (out.length === 0) break
    for (const delivery of out) await acknowledge(env, numbers.seq, handhelds, delivery)
  }
  return counter.stop()
}

let seq = 1

async function acknowledge(
  env: AgentEnv,
  nextSeq: ReturnType<typeof makeNumbers>['seq'],
  handhelds: readonly AtWork[],
  { packet, to }: Delivery,
): Promise<void> {
  const handheld = handhelds.find(({ pin }) => 'pin' in to && to.pin === pin)
  if (!packet || !handheld) throw new Error('a packet to a handheld')
  const header = encodePacketHeader({
    kid: handheld.kid,
    direction: 'd2s',
    seq: seq++,
    salt: systemRandom.bytes(16),
    contentType: contentTypes.ack,
    flags: 0,
  })
  const content = encodeAck({ ...packet, status: ackStatus.applied })
  const body = sealPacketBody(1, directionKeys(masterKey).d2s, header, content)
  await takePacket(env, nextSeq, handheld.pin, encodePacket({ header, body }))
}

/** Counts every statement that runs in this process until it is stopped. */
function countStatements(): { stop(): number } {
  const db = new Sqlite(':memory:')
  const statement = Object.getPrototypeOf(db.prepare('SELECT 1')) as Record<string, unknown>
  let count = 0
  const originals = ['run', 'get', 'all'].map((name) => [name, statement[name]] as const)
  for (const [name, original] of originals)
    statement[name] = function counted(this: unknown, ...args: unknown[]) {
      count += 1
      return Reflect.apply(original as (...given: unknown[]) => unknown, this, args)
    }
  return {
    stop: () => {
      for (const [name, original] of originals) statement[name] = original
      db.close()
      return count
    },
  }
}

async function agentOn(store: AgentEnv['store']): Promise<AgentEnv> {
  const [caKey, signerKey, storageKey] = [await newRsaKey(), await newRsaKey(), systemRandom.bytes(32)]
  const terms = { nowMs: systemClock.nowMs(), years: 1, random: systemRandom }
  const ca = makeCa({ commonName: 'Bench CA', organisation: 'Bench' }, { ...terms, keyPem: caKey })
  const root = { certificatePem: ca.pem, keyPem: caKey }
  const signer = makePolicySigner(root, 'Bench', { ...terms, keyPem: signerKey })
  return {
    store,
    vault: {
      seal: (context, plain) => sealColumn(storageKey, systemRandom, context, plain),
      open: (context, sealed) => openColumn(storageKey, context, sealed),
    },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    p256: nodeP256,
    kem: nobleMlKem,
    sign: signOnThread,
    failpoint: noFailpoint,
    domain: {
      organisation: 'Bench',
      srpId: 'S00000001' as SrpId,
      relayId: 'relay.bench.test' as RelayId,
      sealKeys: () => [],
      caCertificate: ca.der,
      policySigner: { certificatePem: signer.pem, keyPem: signerKey },
      policySignerDer: signer.der,
      terms: { suites: [1], profiles: [1] },
      handheldsPerUser: 1,
      fence: { generation: 0, epoch: 1 },
      resendCapMs: 1_800_000,
      cutOffMs: 0,
    },
  }
}
