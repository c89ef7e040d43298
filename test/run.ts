/**
 * Runs the tests: `npm test [-- FILE …]`. Where it may (root on Debian or Ubuntu) it installs the real peers it
 * lacks first; elsewhere the tests that need one skip it by name, and with CI=true a missing peer fails.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const groups = ['tidy', 'unit', 'vectors', 'fuzz', 'contract', 'simulation', 'e2e', 'torture', 'bench']

/** What was compiled once starts faster, here as with `bin/postkey`: hundreds of programs start. */
const cached = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'postkey') }

const run = (command: string, args: readonly string[], env = {}): number =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1

/** Two at a time: end-to-end tests start whole servers, and a CI machine has two cores. */
const runTests = (files: readonly string[], env = {}): number =>
  files.length === 0
    ? 0
    : run(
        process.execPath,
        [
          '--test',
          '--test-concurrency=2',
          '--test-timeout=360000',
          // A test that ran out of time must not keep the whole run with what it left behind.
          '--test-force-exit',
          '--test-reporter=spec',
          ...files,
        ],
        env,
      )

const named = process.argv.slice(2)
const files =
  named.length > 0 ? named : groups.flatMap((group) => globSync(`test/${group}/**/*.test.ts`, { cwd: root }))
// Fuzzing is led by coverage, and that of code from a cache is not told exactly.
const isLedByCoverage = (file: string): boolean => file.includes('test/fuzz/')

const peers = named.length > 0 ? 0 : run('bash', ['test/support/peers.sh'])
const tests = runTests(files.filter((file) => !isLedByCoverage(file)).sort(), cached)
const fuzzing = runTests(files.filter(isLedByCoverage).sort())
process.exitCode = peers || tests || fuzzing
