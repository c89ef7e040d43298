// The units of docker/systemd: systemd understands every line, they leave little open, and Postkey needs no system call
// that they forbid.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { missingPeer } from '../support/peers.ts'
import { bin } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

const analyze = '/usr/bin/systemd-analyze'
const checkout = join(import.meta.dirname, '..', '..')
const units = join(checkout, 'docker', 'systemd')
const peers = missingPeer('systemd')

/** Of 10; what `systemd-analyze security` calls OK ends at 4.9. */
const exposureMax = 2

/** The units in a directory of their own, for Postkey where this checkout is. */
function laidOut(t: TestContext, ...dropIns: readonly string[]): string {
  const directory = temporaryDirectory(t)
  for (const name of readdirSync(units).filter((name) => name.endsWith('.service'))) {
    const text = readFileSync(join(units, name), 'utf8').replaceAll('/opt/postkey', checkout)
    writeFileSync(join(directory, name), text)
  }
  mkdirSync(join(directory, 'postkey.service.d'))
  for (const name of dropIns) cpSync(join(units, name), join(directory, 'postkey.service.d', name))
  return directory
}

const analyzed = (directory: string, ...args: readonly string[]) =>
  run(analyze, args, { env: { ...process.env, SYSTEMD_UNIT_PATH: `${directory}:` } })

const instances = [
  'postkey.service',
  ...['agent', 'relay', 'smtp', 'imap'].map((role) => `postkey@${role}.service`),
]

test('systemd understands the units and their drop-ins', { skip: peers }, async (t) => {
  const directory = laidOut(t, 'credentials.conf', 'low-port.conf')
  for (const name of instances) {
    const { code, stdout, stderr } = await analyzed(directory, 'verify', '--man=no', join(directory, name))
    assert.deepEqual([code, stdout, stderr], [0, '', ''], name)
  }
})

test('a mistake in a unit is found', { skip: peers }, async (t) => {
  const directory = laidOut(t)
  const file = join(directory, 'postkey.service')
  writeFileSync(file, readFileSync(file, 'utf8').replace('ProtectHome=yes', 'ProtectHomes=yes'))
  const { stderr } = await analyzed(directory, 'verify', '--man=no', file)
  assert.match(stderr, /ProtectHomes/)
})

test('the units leave little open', { skip: peers }, async (t) => {
  const directory = laidOut(t)
  for (const name of instances) {
    const args = ['security', '--offline=true', `--threshold=${exposureMax * 10}`, name]
    const { code, stdout } = await analyzed(directory, ...args)
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
    t.diagnostic(`${name}: exposure ${exposure} of 10`)
    assert.equal(code, 0, stdout)
    assert(Number(exposure) <= exposureMax, stdout)
  }
})

test('both units forbid the same', () => {
  const forbids = (name: string) => readFileSync(join(units, name), 'utf8').split('# What it may not do.')[1]
  assert(forbids('postkey.service'))
  assert.equal(forbids('postkey@.service'), forbids('postkey.service'))
})

test('the account is made as the units name it', { skip: peers }, async (t) => {
  const root = temporaryDirectory(t)
  mkdirSync(join(root, 'etc'))
  const file = join(units, 'postkey.sysusers.conf')
  const { code, stderr } = await run('/usr/bin/systemd-sysusers', [`--root=${root}`, file])
  assert.equal(code, 0, stderr)
  const row = readFileSync(join(root, 'etc/passwd'), 'utf8')
    .split('\n')
    .find((line) => line.startsWith('postkey:'))
  assert.match(row ?? '', /:\/var\/lib\/postkey:\/usr\/sbin\/nologin$/)
})

test('an activation needs no system call that the units forbid', {
  skip: missingPeer('systemd', 'strace'),
}, async (t) => {
  const file = join(temporaryDirectory(t), 'calls')
  const args = ['-f', '-qq', '-c', '-U', 'name', '-o', file, bin, 'demo']
  const { code, stderr } = await run('/usr/bin/strace', args, { timeoutMs: 120_000 })
  assert.equal(code, 0, stderr)
  const called = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((name) => /^[a-z]\w+$/.test(name))
  assert(called.length > 50 && called.includes('socket'), called.join(' '))
  const allowed = await allowedCalls()
  assert(allowed.size > 200 && !allowed.has('mount'), `${allowed.size} are allowed`)
  const forbidden = called.filter((name) => !allowed.has(name) && !rootOnly.has(name))
  assert.deepEqual(forbidden, [])
})

/** SQLite gives its files to the owner of the database, where root opens it; strace counts its own summary. */
const rootOnly: ReadonlySet<string> = new Set(['fchown', 'syscall', 'total'])

/** What the lines `SystemCallFilter=` come to. */
async function allowedCalls(): Promise<ReadonlySet<string>> {
  const lines = readFileSync(join(units, 'postkey.service'), 'utf8').matchAll(/^SystemCallFilter=(~?)(.*)$/gm)
  const allowed = new Set<string>()
  for (const [, not, groups = ''] of lines)
    for (const group of groups.split(' '))
      for (const name of await callsOf(group)) not ? allowed.delete(name) : allowed.add(name)
  return allowed
}

async function callsOf(group: string): Promise<string[]> {
  const { stdout } = await run(analyze, ['--no-pager', 'syscall-filter', group])
  const names = stdout
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
  return (await Promise.all(names.map((name) => (name.startsWith('@') ? callsOf(name) : [name])))).flat()
}
