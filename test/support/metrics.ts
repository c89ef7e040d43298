/** What a server tells monitoring, as a scraper reads it. */
import assert from 'node:assert/strict'
import type { Readiness } from '#http/app.ts'
import type { Postkey } from './postkey.ts'

/** One series: its name with its labels, as Prometheus writes it. */
export type Samples = ReadonlyMap<string, number>

export const withHttp: readonly string[] = ['http.enabled=true', 'http.port=0']

export async function scrapeText({ ports }: Postkey): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports.http}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return response.text()
}

export const scrape = async (postkey: Postkey): Promise<Samples> => samplesOf(await scrapeText(postkey))

export const samplesOf = (text: string): Samples =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))] as const
      }),
  )

/** Series of these metrics whose value changed, and by how much. */
export function grown(before: Samples, after: Samples, names: readonly string[]): Record<string, number> {
  const changed = [...after].flatMap(([series, value]) => {
    const by = value - (before.get(series) ?? 0)
    return names.includes(series.replace(/\{.*$/, '')) && by !== 0 ? [[series, by] as const] : []
  })
  return Object.fromEntries(changed)
}

export async function readiness({ ports }: Postkey): Promise<Readiness & { readonly status: number }> {
  const response = await fetch(`http://127.0.0.1:${ports.http}/readyz`)
  return { status: response.status, ...((await response.json()) as Readiness) }
}
