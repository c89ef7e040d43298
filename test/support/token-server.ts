// A token server on loopback: gives access tokens (RFC 6749) and tells a mail server about them (RFC 7662).

import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

/** How it answers who asks for a token. */
export type Manner =
  | 'well'
  | 'denies'
  | 'busy'
  | 'garbage'
  | 'html'
  | 'endless'
  | 'silent'
  | 'redirects'
  | 'no_token'

export interface TokenServer {
  readonly url: string
  readonly introspectionUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** The account that its tokens are for. */
  account: string
  /** Life of new tokens, in seconds; null: it does not say. */
  expiresIn: number | null
  manner: Manner
  /** Every use of a refresh token makes a new one, and only that counts from then on. */
  rotates: boolean
  /** The one that counts. */
  refreshToken(): string
  /** An access token without asking. */
  issue(account?: string): string
  /** No token that was given out until now counts any more. */
  revokeAll(): void
  /** Forms of those who asked for a token. */
  readonly asked: readonly URLSearchParams[]
  /** Every token and secret there ever was. */
  readonly secrets: readonly string[]
  /** How often a mail server asked about a token. */
  introspections(): number
}

const secret = (): string => randomBytes(24).toString('base64url')

export async function startTokenServer(t: TestContext, account = 'postkey'): Promise<TokenServer> {
  const valid = new Map<string, { readonly username: string; readonly untilMs: number }>()
  const asked: URLSearchParams[] = []
  const clientSecret = secret()
  let refreshToken = secret()
  let introspections = 0
  const secrets = [clientSecret, refreshToken]

  const issue = (username = site.account): string => {
    const token = `at.${secret()}`
    secrets.push(token)
    valid.set(token, { username, untilMs: Date.now() + (site.expiresIn ?? 3_600) * 1000 })
    return token
  }

  const grant = (form: URLSearchParams): object | null => {
    if (form.get('client_id') !== site.clientId || form.get('client_secret') !== clientSecret) return null
    const renewed = form.get('grant_type') === 'refresh_token'
    if (renewed && form.get('refresh_token') !== refreshToken) return null
    if (!renewed && form.get('grant_type') !== 'client_credentials') return null
    if (renewed && site.rotates) {
      refreshToken = secret()
      secrets.push(refreshToken)
    }
    return {
      access_token: issue(),
      token_type: 'Bearer',
      ...(site.expiresIn === null ? {} : { expires_in: site.expiresIn }),
      ...(renewed && site.rotates ? { refresh_token: refreshToken } : {}),
    }
  }

  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request))
    if (request.url === '/introspect') {
      introspections += 1
      const token = valid.get(form.get('token') ?? '')
      const active = token !== undefined && token.untilMs > Date.now()
      return json(response, 200, active ? { active: true, username: token.username } : { active: false })
    }
    asked.push(form)
    const answer = manners[site.manner]
    if (answer) return answer(response)
    const granted = grant(form)
    if (granted) json(response, 200, granted)
    else json(response, 400, { error: 'invalid_grant', error_description: `AADSTS70000: ${form}` })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const site: TokenServer = {
    url: `${base}/token`,
    introspectionUrl: `${base}/introspect`,
    clientId: 'postkey-client',
    clientSecret,
    account,
    expiresIn: 3_600,
    manner: 'well',
    rotates: false,
    refreshToken: () => refreshToken,
    issue,
    revokeAll: () => valid.clear(),
    asked,
    secrets,
    introspections: () => introspections,
  }
  return site
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const manners: Readonly<Partial<Record<Manner, (response: ServerResponse) => void>>> = {
  denies: (response) => json(response, 401, { error: 'invalid_client', error_description: 'no such client' }),
  busy: (response) => json(response, 503, { error: 'temporarily_unavailable' }),
  garbage: (response) => void response.end(randomBytes(3_000)),
  html: (response) => void response.end('<html>Please sign in</html>'),
  no_token: (response) => json(response, 200, { token_type: 'Bearer', access_token: 'with\u0001control' }),
  redirects: (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  silent: () => {},
  endless: (response) => {
    response.on('error', () => {})
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, '{'))) {}
    }
    response.on('drain', more)
    more()
  },
}
