/**
 * A handheld in a process of its own that may die at a named point: `node crash-handheld.ts <trust> <dir> <address>
 * <password>` activates, or goes on, and prints the outcome as one line of JSON.
 */
import { failpointAt, systemClock, systemRandom } from '#edge/system.ts'
import { activateHandheld } from '#handheld/activate.ts'
import { openHandheldDirectory } from '#handheld/file.ts'
import { loadRelayTrust } from '#handheld/trust.ts'

const [trust = '', directory = '', email = '', password = ''] = process.argv.slice(2)

const outcome = await activateHandheld({
  relay: await loadRelayTrust(trust, {}),
  clock: systemClock,
  random: systemRandom,
  storage: await openHandheldDirectory(directory),
  failpoint: failpointAt(process.env.POSTKEY_FAILPOINT),
  typed: { email, password },
  signal: AbortSignal.timeout(60_000),
})
process.stdout.write(`${JSON.stringify(outcome)}\n`)
