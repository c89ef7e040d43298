import { explain, explainGrant } from '#activation/explain.ts'
import type { Grant } from '#activation/grant.ts'
import { isFaultCode } from '#kernel/fault.ts'
import type { Checker } from './checks.ts'

export const stoppedHasCode = (): Checker => ({
  invariant: 'every stopped activation has a code',
  look: ({ changes }, fail) => {
    for (const { now } of changes) {
      if (now.phase !== 'stopped') continue
      if (now.code === undefined || !isFaultCode(now.code)) fail(`${now.txn} stopped and says ${now.code}`)
      if (now.code === 'internal.invariant') fail(`${now.txn} was stopped by a mistake of ours`)
    }
  },
})

export const explainSpeaks = (): Checker => ({
  invariant: 'explain speaks for every state',
  look: ({ changes, world, db }, fail) => {
    const nowMs = world.serverHost.nowMs()
    for (const { now } of changes) {
      const facts = { grant: null, nextSendAtMs: null, account: null, nowMs }
      const { says, next } = explain(now, facts)
      if (says === '' || next === '' || says.includes('has stopped in the phase')) fail(`${now.txn}: ${says}`)
    }
    if (changes.length === 0) return
    for (const row of db.all<{ grant_json: string }>('SELECT grant_json FROM activation_grant')) {
      const { says, next } = explainGrant(JSON.parse(row.grant_json) as Grant, nowMs)
      if (says === '' || next === '') fail(`a grant has no words: ${row.grant_json}`)
    }
  },
})
