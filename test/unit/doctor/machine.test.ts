import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { test } from 'node:test'
import type { Check } from '#admin/views.ts'
import {
  checkClock,
  checkConfiguration,
  checkDatabase,
  checkDataDirectory,
  checkDisk,
  checkOwnCertificates,
} from '#doctor/machine.ts'
import { systemClock } from '#edge/system.ts'
import { temporaryDirectory } from '../../support/store.ts'

const verdict = ({ health, code }: Check) => `${health} ${code}`
const well = 'ok null'

test('a clock is off by the relay where it has told the time, else by what it was set', () => {
  assert.equal(verdict(checkClock(0, 0)), well)
  assert.equal(verdict(checkClock(0, 59_000)), well)
  assert.equal(verdict(checkClock(0, -60_000)), 'attention clock.off')
  assert.equal(verdict(checkClock(0, 300_000)), 'broken clock.off')
  assert.equal(verdict(checkClock(400_000, 0)), well, 'a clock that was put right is right')
  assert.equal(verdict(checkClock(400_000, null)), 'broken clock.off')
  assert.equal(verdict(checkClock(-1_000, null)), well)
})

test('a data directory that others may enter, or that is not there, is named', (t) => {
  const directory = temporaryDirectory(t)
  chmodSync(directory, 0o700)
  assert.equal(verdict(checkDataDirectory(directory)), well)
  chmodSync(directory, 0o750)
  assert.equal(verdict(checkDataDirectory(directory)), 'attention disk.rights')
  assert.equal(verdict(checkDataDirectory(`${directory}/none`)), 'broken disk.rights')
})

test('how full a disk may be is the administrator’s word', (t) => {
  const directory = temporaryDirectory(t)
  assert.equal(verdict(checkDisk(directory, 0)), well)
  assert.match(verdict(checkDisk(directory, 1_000_000_000)), /disk\.low$/)
})

test('certificates that no server shows are looked at as well, the first to end counts', () => {
  const day = 86_400_000
  const both = (firstDays: number) =>
    verdict(
      checkOwnCertificates(
        [
          { what: 'CA', untilMs: 5_000 * day, remark: null },
          { what: 'policy signer', untilMs: (1_000 + firstDays) * day, remark: null },
        ],
        1_000 * day,
      ),
    )
  assert.equal(both(100), well)
  assert.equal(both(30), 'attention tls.expires_soon')
  assert.equal(both(-1), 'broken tls.expired')
})

test('a mistake in the configuration is broken, a remark needs attention', () => {
  assert.equal(verdict(checkConfiguration(null, [], [])), well)
  assert.equal(verdict(checkConfiguration('a.toml', [], ['smtp.port is odd'])), 'attention null')
  assert.equal(verdict(checkConfiguration('a.toml', ['smtp.port'], ['b'])), 'broken config.invalid')
})

test('a database is whole and takes a write, or the doctor says which it does not', async () => {
  const care = (problems: string[]) => ({
    verify: async () => ({ good: problems.length === 0, problems }),
    migrate: async () => ({ applied: [], version: 3 }),
  })
  const write = async () => {}
  assert.equal(verdict(await checkDatabase(care([]), write, systemClock)), well)
  assert.equal(verdict(await checkDatabase(care(['row 7']), write, systemClock)), 'broken store.damaged')
  const full = () => Promise.reject(new Error('database or disk is full'))
  assert.equal(verdict(await checkDatabase(care([]), full, systemClock)), 'broken store.unavailable')
})
