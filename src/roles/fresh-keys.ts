/** The domain's keys while the agent runs: a certificate that nears its end is renewed without a restart. */
import { type DomainKeys, openDomainKeys } from '#edge/domain-keys.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Base } from './base.ts'

export interface FreshKeys {
  current(): DomainKeys
  stop(): void
}

const lookEveryMs = 86_400_000

type Env = Pick<Base, 'config' | 'keys' | 'store' | 'vault' | 'clock' | 'random' | 'log'>

/** What renews at a start renews here, once a day. The key of a certificate stays, so that nothing that is pinned changes. */
export function keepKeysFresh({ config, keys, store, vault, clock, random, log }: Env): FreshKeys {
  let current = keys
  let cancel = () => {}
  let stopped = false
  const look = async (): Promise<void> => {
    const env = { store: store.installation, vault, clock, random }
    const now = await openDomainKeys(env, config.server.organisation)
    if (now.policySigner.certificatePem !== current.policySigner.certificatePem)
      log.info({}, "the policy signer's certificate was renewed")
    current = now
  }
  const turn = (): void => {
    look()
      .catch((error) => log.error({ code: faultCodeOf(error) }, 'the certificates could not be looked at'))
      .finally(() => {
        if (!stopped) cancel = clock.after(lookEveryMs, turn)
      })
  }
  cancel = clock.after(lookEveryMs, turn)
  return {
    current: () => current,
    stop: () => {
      stopped = true
      cancel()
    },
  }
}
