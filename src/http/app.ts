/**
 * What monitoring asks: does the process live, can it work, and how has it been; and what the mail server's push hook
 * says. No answer names a person.
 */
import { Hono } from 'hono'
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import { type MailHookParts, mountMailHook } from './mail-hook.ts'

/** One thing the process cannot work without. */
export interface Dependency {
  readonly name: string
  /** Null where it is there; the code and, shortly, what was met where it is not. Never rejects. */
  look(): Promise<{ readonly code: FaultCode; readonly detail: string } | null>
}

export interface AppParts {
  readonly dependencies: readonly Dependency[]
  metrics(): Promise<string>
  readonly metricsType: string
  /** Where a mail server's push hook speaks. */
  readonly mailHook: MailHookParts
}

export interface Readiness {
  readonly ready: boolean
  readonly dependencies: readonly {
    readonly name: string
    readonly ok: boolean
    readonly code: FaultCode | null
    readonly says: string | null
    readonly next: string | null
  }[]
}

export function makeApp(parts: AppParts): Hono {
  const app = new Hono()
  app.get('/livez', (context) => context.text('ok\n'))
  app.get('/readyz', async (context) => {
    const readiness = await lookAt(parts.dependencies)
    return context.json(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', async (context) => {
    const text = await parts.metrics()
    return context.body(text, 200, { 'content-type': parts.metricsType })
  })
  mountMailHook(app, parts.mailHook)
  return app
}

async function lookAt(dependencies: readonly Dependency[]): Promise<Readiness> {
  const found = await Promise.all(
    dependencies.map(async ({ name, look }) => {
      const fault = await look()
      const row = fault && faultRow(fault.code)
      const says = row && (fault.detail ? `${row.says} (${fault.detail})` : row.says)
      return { name, ok: fault === null, code: fault?.code ?? null, says, next: row?.next ?? null }
    }),
  )
  return { ready: found.every(({ ok }) => ok), dependencies: found }
}
