// What the agent's parts share, over a store in a directory of its own, with a clock that stands still.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { AgentEnv } from '#agent/domain.ts'
import type { Numbers } from '#agent/numbers.ts'
import { takeReceipts } from '#agent/receipts.ts'
import { nobleMlKem } from '#crypto/ml-kem-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { signOnThread } from '#crypto/rsa-sign.ts'
import { openColumn, sealColumn } from '#crypto/sealed-column.ts'
import { systemRandom } from '#edge/system.ts'
import type { RelayId, SrpId } from '#kernel/brand.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import { openTestStore } from '../../support/store.ts'
import { start } from '../activation/events.ts'

export interface AgentWorld {
  readonly env: AgentEnv
  /** The methods of each commit so far. */
  readonly commits: (readonly string[])[]
  /** What the clock says; timers never fire. */
  nowMs: number
}

const storageKey = new Uint8Array(32)
const noKey = { certificatePem: '', keyPem: '' }

export function makeAgentWorld(t: TestContext): AgentWorld {
  const commits: (readonly string[])[] = []
  const world: AgentWorld = {
    commits,
    nowMs: start,
    env: {
      store: openTestStore(t, { hooks: { beforeCommit: (methods) => commits.push(methods) } }),
      vault: {
        seal: (context, plain) => sealColumn(storageKey, systemRandom, context, plain),
        open: (context, sealed) => openColumn(storageKey, context, sealed),
      },
      clock: { nowMs: () => world.nowMs, monotonicMs: () => world.nowMs, after: () => () => {} },
      random: systemRandom,
      log: silentLog,
      p256: nodeP256,
      kem: nobleMlKem,
      sign: signOnThread,
      failpoint: noFailpoint,
      domain: {
        organisation: 'Example',
        srpId: 'S00000001' as SrpId,
        relayId: 'relay.example.test' as RelayId,
        sealKeys: () => [],
        caCertificate: new Uint8Array(),
        policySigner: noKey,
        policySignerDer: new Uint8Array(),
        terms: { suites: [1], profiles: [1] },
        cutOffMs: 0,
        handheldsPerUser: 1,
        fence: { generation: 0, epoch: 1 },
        resendCapMs: 1_800_000,
      },
    },
  }
  return world
}

/** The relay's word, written down at once. */
export const takeReceipt = (env: AgentEnv, receipt: Receipt): Promise<void> =>
  takeReceipts(env, [{ receipt, atMs: env.clock.nowMs() }])

/** Where nothing is to be sealed. */
const nothingSealed = () => assert.fail('nothing is sealed')
export const noNumbers: Numbers = { seq: nothingSealed, begun: nothingSealed, provisioning: nothingSealed }
