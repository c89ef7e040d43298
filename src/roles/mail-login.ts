/** How the agent logs in at the site's mail server, as `[imap]` says. */
import type { Config } from '#config/schema.ts'
import { readSecretFile } from '#config/secret-file.ts'
import { openMailboxPassword } from '#crypto/mailbox-password.ts'
import type { TokenEndpoint } from '#edge/token-endpoint.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { authzidAccess, filledIn, type MailboxAccess, namespaceAccess } from '#mailbox/access.ts'
import {
  type MailCredentials,
  masterUser,
  ownPasswords,
  serviceAccount,
  serviceToken,
} from '#mailbox/credentials.ts'
import { cachedTokens } from '#mailbox/token-cache.ts'
import type { Base } from './base.ts'
import { caIn } from './tls.ts'

type Imap = Config['imap']

export function mailAccess(imap: Imap): MailboxAccess {
  if (imap.access === 'namespace') return namespaceAccess(imap.mailbox)
  // Only a password of the service account's is good for a log-in without a user.
  return authzidAccess(imap.access === 'authzid' && imap.auth === 'password')
}

/** @throws Fault config.invalid where a secret cannot be read */
export function mailCredentials(base: Base): MailCredentials {
  const { imap } = base.config
  if (imap.access === 'per_user')
    return ownPasswords(
      (owner) => keptPassword(base, owner),
      (owner) => filledIn(imap.login_name, owner),
    )
  const account = {
    user: imap.user,
    userName: (owner: Parameters<typeof filledIn>[1]) => filledIn(imap.login_name, owner),
  }
  if (imap.auth === 'xoauth2') {
    const tokens = cachedTokens(tokenFetch(base), base)
    const tokenPerUser = imap.token_command.some((part) => part.includes('{address}'))
    return serviceToken({ ...account, tokens, tokenPerUser })
  }
  const password = readSecretFile(imap.password_file)
  return imap.access === 'master'
    ? masterUser({ ...account, password, separator: imap.master_separator })
    : serviceAccount({ ...account, password })
}

/** @throws Fault storage_key.wrong */
async function keptPassword({ store, vault }: Base, owner: MailAddress): Promise<string | null> {
  const sealed = await store.users.mailboxPassword(owner)
  if (!sealed) return null
  const password = openMailboxPassword(vault, owner, sealed)
  if (password === null)
    throw new Fault('storage_key.wrong', `the mailbox password of ${owner} does not open`)
  return password
}

function tokenFetch({ config: { imap }, clock, edge }: Base) {
  if (imap.token_command.length > 0) return edge.tokens.byCommand(imap.token_command, clock)
  const endpoint: TokenEndpoint = {
    url: imap.token_url,
    ...caIn(imap.token_ca_file),
    clientId: imap.client_id,
    clientSecret: imap.client_secret_file === '' ? null : readSecretFile(imap.client_secret_file),
    refreshTokenFile: imap.refresh_token_file === '' ? null : imap.refresh_token_file,
    scope: imap.scope,
  }
  return edge.tokens.byEndpoint(endpoint, clock)
}
