import assert from 'node:assert/strict'
import { test } from 'node:test'
import { climb, type WatchFacts } from '#agent/watch/choose.ts'
import { loadConfig } from '#config/load.ts'
import { watchLine, watchWords } from '../../../src/roles/watch-options.ts'

const { config } = loadConfig({ set: [], env: {}, cwd: '/' })
const facts: WatchFacts = {
  strategy: 'auto',
  isNamespace: true,
  abilities: null,
  mailboxes: 3,
  relayHint: true,
  pushHook: false,
  idleConnectionsMax: 4,
  proofs: new Map(),
}

test('status says in one line how mailboxes are watched; why no better way is used is for the doctor', () => {
  const rungs = climb(facts)
  assert.equal(watchLine(config, rungs), "By the relay's hint, IDLE; and by STATUS of each mailbox.")
  assert.match(
    watchWords(config, rungs),
    /Not by the mail server's push hook: `agent\.push_token_file` is empty\./,
  )
  const scan = climb({ ...facts, strategy: 'interval', relayHint: false })
  assert.equal(watchLine(config, scan), `By a scan each ${config.agent.scan_interval_seconds} s.`)
})
