/** How connections prove who they are: with the service account's word, or with each user's own. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { MailLogin } from './mailbox.ts'

/** What a connection says of itself at log-in. */
export type Proof =
  | {
      readonly how: 'password'
      readonly user: string
      readonly password: string
      /** Whose mailbox is meant, where it is not `user`'s (RFC 4616). */
      readonly authzid?: string
    }
  /** XOAUTH2, or OAUTHBEARER (RFC 7628): `user` is whose mailbox is meant; the token says who asks for it. */
  | { readonly how: 'token'; readonly user: string; readonly token: string }

export interface MailCredentials {
  /** @throws Fault imap.no_password, imap.token_unavailable, imap.token_denied */
  proof(login: MailLogin): Promise<Proof>
  /** The mail server refused this token. Returns whether another one is worth a try at once. */
  tokenRefused(login: MailLogin, token: string): boolean
}

/** Tokens as they are needed; for one user, or (null) for the service account, whoever's mailbox it opens. */
export interface TokenSource {
  /** @throws Fault imap.token_unavailable, imap.token_denied */
  token(owner: MailAddress | null): Promise<string>
  /** Forgets this token. Returns whether a newer one may be asked for at once. */
  refused(owner: MailAddress | null, token: string): boolean
}

/** How the mail server calls a user. */
export type UserName = (owner: MailAddress) => string

const wholeAddress: UserName = (owner) => owner

export interface ServiceAccount {
  readonly user: string
  readonly password: string
  readonly userName?: UserName
}

/** The service account's password; for a user's mailbox with SASL PLAIN's authorisation identity. */
export function serviceAccount({ user, password, userName = wholeAddress }: ServiceAccount): MailCredentials {
  return {
    proof: async (login) => ({
      how: 'password',
      user,
      password,
      ...(login.as === 'user' && { authzid: userName(login.user) }),
    }),
    tokenRefused: () => false,
  }
}

/** The service account's password; for a user's mailbox with the log-in name `<user><separator><service account>`. */
export function masterUser(account: ServiceAccount & { readonly separator: string }): MailCredentials {
  const { user, password, separator, userName = wholeAddress } = account
  return {
    proof: async (login) => ({
      how: 'password',
      user: login.as === 'user' ? userName(login.user) + separator + user : user,
      password,
    }),
    tokenRefused: () => false,
  }
}

/** Each user's own password. There is no service account. */
export function ownPasswords(
  passwordOf: (owner: MailAddress) => Promise<string | null>,
  userName: UserName = wholeAddress,
): MailCredentials {
  return {
    proof: async (login) => {
      if (login.as === 'service') throw new Fault('imap.no_password', 'there is no service account')
      const password = await passwordOf(login.user)
      if (password === null) throw new Fault('imap.no_password', login.user)
      return { how: 'password', user: userName(login.user), password }
    },
    tokenRefused: () => false,
  }
}

export interface ServiceToken {
  readonly user: string
  readonly tokens: TokenSource
  /** Each user's mailbox needs a token of its own. */
  readonly tokenPerUser?: boolean
  readonly userName?: UserName
}

/** An access token; it stands for the service account, or for each user by itself. */
export function serviceToken(account: ServiceToken): MailCredentials {
  const { user, tokens, tokenPerUser = false, userName = wholeAddress } = account
  const ownerOf = (login: MailLogin) => (tokenPerUser && login.as === 'user' ? login.user : null)
  return {
    proof: async (login) => ({
      how: 'token',
      user: login.as === 'user' ? userName(login.user) : user,
      token: await tokens.token(ownerOf(login)),
    }),
    tokenRefused: (login, token) => tokens.refused(ownerOf(login), token),
  }
}
