/** A configuration that is loaded again: what is started again, and what becomes of one that cannot be used. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkConfig, type LoadedConfig, loadConfig } from '#config/load.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import type { Base } from '../../../src/roles/base.ts'
import { makeReloader } from '../../../src/roles/reload.ts'
import type { Role } from '../../../src/roles/role.ts'
import { noPorts, type RoleRunner, startOrder } from '../../../src/roles/running-roles.ts'
import { handClock } from '../agent/hand-clock.ts'

function loadedOf(...set: readonly string[]): LoadedConfig {
  const { loaded } = checkConfig({ set, env: {}, cwd: '/' })
  assert(loaded)
  return loaded
}

/** A process whose roles note what is done with them; a start with these poll seconds fails. */
function makeProcess(failing: readonly number[] = []) {
  const done: string[] = []
  const running = new Set<Role>(startOrder)
  const runner: RoleRunner = {
    now: () => Object.fromEntries(startOrder.map((role) => [role, running.has(role) ? {} : null])) as never,
    ports: () => noPorts,
    start: async ({ config }, roles) => {
      for (const role of roles) {
        done.push(`start ${role} ${config.agent.poll_seconds}`)
        if (failing.includes(config.agent.poll_seconds)) throw new Fault('imap.unreachable', 'planted')
        running.add(role)
      }
    },
    end: async (roles) => {
      for (const role of roles) if (running.delete(role)) done.push(`end ${role}`)
    },
  }
  const levels: string[] = []
  const first = { config: loadedOf().config, clock: handClock(0), log: silentLog } as unknown as Base
  const reloader = makeReloader(first, runner, (level) => void levels.push(level))
  const codes = () => reloader.health().map(({ code }) => code)
  return { reloader, done, levels, codes }
}

test('nothing changed: nothing is done', async () => {
  const { reloader, done, codes } = makeProcess()
  await reloader.reload(() => loadedOf())
  assert.deepEqual([done, codes()], [[], []])
})

test('the role a change is about is ended and started with it', async () => {
  const { reloader, done, levels } = makeProcess()
  await reloader.reload(() => loadedOf('agent.poll_seconds=7', 'log.level=debug'))
  assert.deepEqual(done, ['end agent', 'start agent 7'])
  assert.deepEqual(levels, ['debug'])
  assert.equal(reloader.base().config.agent.poll_seconds, 7)
})

test('what needs a restart keeps its old value, and is named until it is taken back', async () => {
  const { reloader, codes } = makeProcess()
  await reloader.reload(() => loadedOf('relay.port=1', 'agent.poll_seconds=7'))
  const { relay, agent } = reloader.base().config
  assert.deepEqual([relay.port, agent.poll_seconds, codes()], [8443, 7, ['config.needs_restart']])
  await reloader.reload(() => loadedOf('agent.poll_seconds=7'))
  assert.deepEqual(codes(), [])
})

test('one with a mistake changes nothing and says why', async () => {
  const { reloader, done, levels, codes } = makeProcess()
  await reloader.reload(() => loadConfig({ set: ['agent.poll_seconds=-1'], env: {}, cwd: '/' }))
  assert.deepEqual([done, levels, codes()], [[], [], ['config.invalid']])
  assert.match(reloader.health()[0]?.says ?? '', /agent\.poll_seconds must be at least 0/)
})

test('one that names a file which is not there changes nothing', async () => {
  const { reloader, done, codes } = makeProcess()
  await reloader.reload(() => loadedOf('relay_client.ca_file=/nowhere/ca.pem', 'agent.poll_seconds=7'))
  assert.deepEqual([done, codes()], [[], ['config.invalid']])
})

test('a role that does not start with it is started as it was', async () => {
  const { reloader, done, codes } = makeProcess([7])
  await reloader.reload(() => loadedOf('agent.poll_seconds=7'))
  assert.deepEqual(done, ['end agent', 'start agent 7', 'start agent 5'])
  assert.deepEqual([reloader.base().config.agent.poll_seconds, codes()], [5, ['imap.unreachable']])
})

test('one that does not start as it was either is the end of the process', async () => {
  const { reloader } = makeProcess([7, 5])
  await assert.rejects(
    reloader.reload(() => loadedOf('agent.poll_seconds=7')),
    /imap\.unreachable/,
  )
})
