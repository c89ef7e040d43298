// Mails made to hurt: after each the victim activates all the same, and the server has stayed small.

import { handOn } from '../support/e2e-site.ts'
import { hostileMails } from '../support/hostile-mails.ts'
import { type Attack, testAttacks } from '../support/hostile-peers.ts'

/**
 * An idle server has about 200 MiB and the reading thread may take 96 more. A mail of 20 MB is in memory about ten times
 * while it is received, stored and described: the server had 494 MiB after it, on a machine with other work.
 */
const peakMibMax = 640

const attacks = Object.entries(hostileMails).map(([name, make]): [string, Attack] => [
  name,
  ({ ports }, victim) => handOn(ports.smtp, victim, Buffer.from(make())),
])

testAttacks(
  'no mail keeps its victim from activating, or makes the server large',
  peakMibMax,
  Object.fromEntries(attacks),
)
