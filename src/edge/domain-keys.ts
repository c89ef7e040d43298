/** The domain's CA, its policy signer and its TLS certificates: made at the first start, renewed in time. */
import { X509Certificate } from 'node:crypto'
import { type Credential, makeCa, makePolicySigner, makeTlsServer } from '#crypto/certificate.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'
import { fromUtf8, utf8 } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import type { InstallationStore } from '#store/installation.ts'

export interface KeyringEnv {
  readonly store: InstallationStore
  readonly vault: Vault
  readonly clock: Clock
  readonly random: Random
}

export interface DomainKeys {
  readonly ca: Credential
  readonly caDer: Uint8Array
  readonly policySigner: Credential
  readonly policySignerDer: Uint8Array
  /** A certificate of the domain's CA for these DNS names and IP addresses. */
  tls(names: readonly [string, ...string[]]): Promise<Credential>
}

const caYears = 20
const signerYears = 5
const tlsYears = 2
/** A certificate with less life than this is replaced at the next start. */
export const renewBeforeMs = 60 * 86_400_000

export async function openDomainKeys(env: KeyringEnv, organisation: string): Promise<DomainKeys> {
  const names = { commonName: `${organisation} Postkey CA`, organisation }
  const makeKey = (await read(env, 'ca')) ? newRsaKey : keysMadeAhead(firstStartKeys)
  const ca = await kept(env, 'ca', (terms) => makeCa(names, terms), caYears, makeKey)
  const policySigner = await kept(
    env,
    'policy_signer',
    (terms) => makePolicySigner(ca, organisation, terms),
    signerYears,
    makeKey,
  )
  return {
    ca,
    caDer: derOf(ca.certificatePem),
    policySigner,
    policySignerDer: derOf(policySigner.certificatePem),
    tls: (subjects) =>
      kept(
        env,
        `tls/${[...subjects].sort().join(',')}`,
        (terms) => makeTlsServer(ca, subjects, terms),
        tlsYears,
        makeKey,
      ),
  }
}

/** The CA's, the policy signer's, and one for TLS. */
const firstStartKeys = 3

/** Searching for primes is most of a first start: the keys it will need are searched for side by side. */
function keysMadeAhead(count: number): () => Promise<string> {
  const ahead = Array.from({ length: count }, () => newRsaKey())
  for (const key of ahead) key.catch(() => {})
  return () => ahead.shift() ?? newRsaKey()
}

type Terms = Parameters<typeof makeCa>[1]

async function kept(
  env: KeyringEnv,
  name: string,
  make: (terms: Terms) => { readonly pem: string },
  years: number,
  makeKey: () => Promise<string>,
): Promise<Credential> {
  const found = await read(env, name)
  const nowMs = env.clock.nowMs()
  if (found && lifeLeftMs(found, nowMs) > renewBeforeMs) return found
  // The key outlives its certificates, so that a renewal changes nothing a peer may have pinned.
  const keyPem = found?.keyPem ?? (await makeKey())
  const certificatePem = make({ keyPem, nowMs, years, random: env.random }).pem
  return write(env, name, { certificatePem, keyPem }, found !== null)
}

const lifeLeftMs = ({ certificatePem }: Credential, nowMs: number): number =>
  new X509Certificate(certificatePem).validToDate.getTime() - nowMs

const nameOf = (name: string): string => `credential/${name}`

async function read(env: KeyringEnv, name: string): Promise<Credential | null> {
  const sealed = await env.store.find(nameOf(name))
  return sealed && unsealed(env, name, sealed)
}

function unsealed(env: KeyringEnv, name: string, sealed: Uint8Array): Credential {
  const plain = env.vault.open(nameOf(name), sealed)
  const json = plain && fromUtf8(plain)
  if (!json) throw new Fault('storage_key.wrong', `the key of ${name} does not open`)
  return JSON.parse(json) as Credential
}

/** Of two first starts at once, one writes and both use what it wrote. */
async function write(
  env: KeyringEnv,
  name: string,
  credential: Credential,
  renew: boolean,
): Promise<Credential> {
  const sealed = env.vault.seal(nameOf(name), utf8(JSON.stringify(credential)))
  if (renew) await env.store.put(nameOf(name), sealed)
  return renew ? credential : unsealed(env, name, await env.store.keepFirst(nameOf(name), sealed))
}

const derOf = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw)
