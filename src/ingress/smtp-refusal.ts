/** What smtp-server answers when a handler refuses: the code, and the sentence after it. */

import { type LabelsOf, metricTable } from '#kernel/metric-table.ts'
import type { NotTaken } from '#mailbox/deliver.ts'

export class SmtpRefusal extends Error {
  override name = 'SmtpRefusal'
  readonly responseCode: number

  constructor(responseCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.responseCode = responseCode
  }
}

export const refusalOf = (error: NotTaken): SmtpRefusal =>
  new SmtpRefusal(error.answer.code, error.answer.text, error)

/** The code of an answer, as it is counted. */
export type AnswerCode = LabelsOf<'postkey_smtp_messages_total'>['outcome']

const codes: readonly string[] = metricTable.postkey_smtp_messages_total.values

const isCounted = (code: string): code is AnswerCode => codes.includes(code)

function counted(code: number): AnswerCode {
  const text = String(code)
  return isCounted(text) ? text : 'other'
}

export interface Answering<T> {
  /** One of smtp-server's: sends the answer. */
  readonly callback: (error: Error | null, text?: string) => void
  readonly textOf?: (value: T) => string
  /** Called once the answer is on its way: nobody waits for what is logged and counted. */
  readonly answered: (code: AnswerCode, value: T | null) => void
  readonly onFailure: (error: unknown) => void
}

/** Answers with a promise's outcome; anything unexpected is answered 451. */
export function answer<T>(work: Promise<T>, { callback, textOf, answered, onFailure }: Answering<T>): void {
  work.then(
    (value) => {
      callback(null, textOf?.(value))
      answered('250', value)
    },
    (error) => {
      const refusal = error instanceof SmtpRefusal ? error : new SmtpRefusal(451, '4.3.0 Try again later')
      callback(refusal)
      if (refusal !== error) onFailure(error)
      answered(counted(refusal.responseCode), null)
    },
  )
}
