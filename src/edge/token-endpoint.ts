/**
 * Access tokens from an OAuth 2.0 token server: for a refresh token (RFC 6749 section 6), or for the client itself
 * (section 4.4). A new refresh token is on disk before the access token that came with it is used.
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { decodeTokenAnswer, tokenErrorCode } from '#mailbox/token-answer.ts'
import type { FetchToken } from '#mailbox/token-cache.ts'
import { replaceDurably } from './durable-file.ts'
import { postForm } from './post-form.ts'

export interface TokenEndpoint {
  /** https, or http on loopback. */
  readonly url: string
  /** CA certificates that sign the server's, PEM; without it the system's. */
  readonly ca?: string
  readonly clientId: string
  /** Null for a public client. */
  readonly clientSecret: string | null
  /** Holds the refresh token and is rewritten when the server gives a new one; null: the client's own grant. */
  readonly refreshTokenFile: string | null
  /** Empty: what the server gives without being asked. */
  readonly scope: string
}

const fileBytesMax = 16 * 1024

export function endpointTokens(endpoint: TokenEndpoint, clock: Clock): FetchToken {
  /** A new refresh token that could not be written yet: the one in the file may be worth nothing any more. */
  let unwritten: string | null = null

  const write = (path: string, refreshToken: string): void => {
    unwritten = refreshToken
    try {
      replaceDurably(path, Buffer.from(`${refreshToken}\n`))
      unwritten = null
    } catch (error) {
      throw new Fault('imap.token_unavailable', `${path} cannot be written`, error)
    }
  }

  return async () => {
    const { refreshTokenFile: file } = endpoint
    if (file !== null && unwritten !== null) write(file, unwritten)
    const sent = file === null ? null : readRefreshToken(file)
    const answer = await ask(endpoint, sent, clock)
    if (file !== null && answer.refreshToken !== null && answer.refreshToken !== sent)
      write(file, answer.refreshToken)
    return answer
  }
}

async function ask(endpoint: TokenEndpoint, refreshToken: string | null, clock: Clock) {
  const { status, body } = await posted(endpoint, formOf(endpoint, refreshToken), clock)
  if (status === 200) {
    const answer = decodeTokenAnswer(body)
    if (answer.ok) return answer.value
    throw unavailable(endpoint, `answered with no token (${answer.fault.at}: ${answer.fault.code})`)
  }
  const error = tokenErrorCode(body)
  // Those two errors of section 5.2 (and of RFC 6749's authorisation endpoint) pass by themselves.
  if (status >= 400 && status < 500 && error && !/^(?:temporarily_unavailable|server_error)/.test(error))
    throw new Fault('imap.token_denied', `${hostOf(endpoint)}: ${error}`)
  throw unavailable(endpoint, `answered with ${status}`)
}

function formOf({ clientId, clientSecret, scope }: TokenEndpoint, refreshToken: string | null) {
  return new URLSearchParams({
    ...(refreshToken === null
      ? { grant_type: 'client_credentials' }
      : { grant_type: 'refresh_token', refresh_token: refreshToken }),
    client_id: clientId,
    ...(clientSecret === null ? {} : { client_secret: clientSecret }),
    ...(scope === '' ? {} : { scope }),
  })
}

async function posted(endpoint: TokenEndpoint, form: URLSearchParams, clock: Clock) {
  try {
    return await postForm({ url: endpoint.url, form, clock, ...(endpoint.ca && { ca: endpoint.ca }) })
  } catch (error) {
    throw unavailable(endpoint, error instanceof Error ? error.message : String(error))
  }
}

function readRefreshToken(path: string): string {
  try {
    const bytes = readFileSync(path)
    const text = bytes.length <= fileBytesMax ? bytes.toString('utf8').trim() : ''
    if (/^[\x20-\x7e]+$/.test(text)) return text
  } catch (error) {
    throw new Fault('imap.token_unavailable', `${path} cannot be read`, error)
  }
  throw new Fault('imap.token_unavailable', `${path} does not hold a refresh token`)
}

const hostOf = ({ url }: TokenEndpoint): string => new URL(url).host

const unavailable = (endpoint: TokenEndpoint, says: string) =>
  new Fault('imap.token_unavailable', `${hostOf(endpoint)}: ${says}`)
