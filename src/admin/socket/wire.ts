/**
 * The admin socket's conversation: `POST /v1/<operation>` with a JSON list of arguments. An answer is one JSON
 * object, a stream one such object per line (NDJSON), of which the last says `end` or `fault`, so that a stream
 * that broke off is never taken for a whole one.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { Fault, faultCodeOf, isFaultCode } from '#kernel/fault.ts'
import type { Credentials } from '../access/desk.ts'

export const requestBytesMax = 1024 * 1024
export const pathPrefix = '/v1/'
/** Raised whenever arguments or answers change their form. */
export const wireVersion = 2

const userHeader = 'postkey-user'
const bearer = 'Bearer '

export const credentialHeaders = ({ osUser, token }: Credentials): OutgoingHttpHeaders => ({
  [userHeader]: encodeURIComponent(osUser.toWellFormed()),
  ...(token === null ? {} : { authorization: bearer + encodeURIComponent(token.toWellFormed()) }),
})

/** A token of any form is one that was brought: it must be right. */
export function readCredentials(headers: IncomingHttpHeaders): Credentials {
  const osUser = headers[userHeader]
  const { authorization } = headers
  return {
    osUser: typeof osUser === 'string' ? osUser : '',
    token: authorization === undefined ? null : authorization.slice(bearer.length),
  }
}

export type Answer =
  | { readonly value: unknown }
  | { readonly fault: { readonly code: string; readonly detail: string } }
  | { readonly end: true }

export const encodeAnswer = (answer: Answer): string => `${JSON.stringify(answer)}\n`

/** Faults cross as their code and detail; what is none crosses as our own mistake, without its stack. */
export const faultAnswer = (error: unknown): Answer => ({
  fault: {
    code: faultCodeOf(error),
    detail: error instanceof Fault ? error.detail : error instanceof Error ? error.message : String(error),
  },
})

/** @throws Fault admin.protocol where the line is no answer */
export function decodeAnswer(line: string): Answer {
  const parsed = parseJson(line)
  if (typeof parsed !== 'object' || parsed === null) throw new Fault('admin.protocol', 'no answer')
  if ('fault' in parsed) return { fault: decodeFault(parsed.fault) }
  if ('end' in parsed) return { end: true }
  // JSON leaves the value of an operation without a result out.
  return { value: 'value' in parsed ? parsed.value : undefined }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new Fault('admin.protocol', 'not JSON', error)
  }
}

function decodeFault(fault: unknown): { code: string; detail: string } {
  const { code, detail } = (fault ?? {}) as { code?: unknown; detail?: unknown }
  return { code: String(code), detail: String(detail ?? '') }
}

/** The value of an answer. @throws Fault as the server did */
export function answeredValue(answer: Answer): unknown {
  if ('value' in answer) return answer.value
  if ('fault' in answer) throw revivedFault(answer.fault)
  throw new Fault('admin.protocol', 'an answer without a value')
}

function revivedFault({ code, detail }: { code: string; detail: string }): Fault {
  return isFaultCode(code) ? new Fault(code, detail) : new Fault('admin.protocol', `${code}: ${detail}`)
}
