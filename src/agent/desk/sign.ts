/** The domain's signature under a policy or a command. */
import { itAdminToSign } from '#crypto/policy-signature.ts'
import type { AgentEnv } from '../domain.ts'

/** The DER of the signed `content` (docs/protocol.md 13.2). */
export async function signItAdmin(
  { domain, sign }: Pick<AgentEnv, 'domain' | 'sign'>,
  content: Uint8Array,
  nowMs: number,
): Promise<Uint8Array> {
  const { bytes, key, around } = itAdminToSign(content, domain.policySigner, nowMs)
  return around(await sign(bytes, key))
}
