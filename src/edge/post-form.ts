/** One POST of a form: TLS verified, redirects not followed, the answer bounded in size and time. */
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { assert } from '#kernel/assert.ts'
import type { Clock } from '#kernel/clock.ts'
import { isLoopback } from '#kernel/loopback.ts'

export interface FormPost {
  /** https, or http on loopback. */
  readonly url: string
  readonly form: URLSearchParams
  /** CA certificates, PEM; without it the system's. */
  readonly ca?: string
  readonly clock: Clock
}

export interface FormAnswer {
  readonly status: number
  readonly body: Uint8Array
}

/** From the first byte sent to the last one received. */
const answerMsMax = 15_000
const bodyBytesMax = 64 * 1024

/** @throws Error of the network, or what was wrong with the answer; never with the form's content */
export function postForm({ url, form, ca, clock }: FormPost): Promise<FormAnswer> {
  const { protocol, hostname } = new URL(url)
  assert(protocol === 'https:' || isLoopback(hostname), 'plain HTTP is spoken on loopback only')
  const body = form.toString()
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent: false,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      },
    } as const
    const request =
      protocol === 'https:'
        ? requestTls(url, { ...options, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) })
        : requestPlain(url, options)
    const cancel = clock.after(answerMsMax, () => request.destroy(new Error('no answer in time')))
    request.once('close', cancel)
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > bodyBytesMax) request.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: new Uint8Array(Buffer.concat(chunks)) }),
      )
    })
    request.end(body)
  })
}
