/** What smtp-server answers when a handler refuses: the code, and the sentence after it. */
import { type LabelsOf, metricTable } from '#kernel/metric-table.ts'

export class SmtpRefusal extends Error {
  override name = 'SmtpRefusal'
  readonly responseCode: number

  constructor(responseCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.responseCode = responseCode
  }
}

/** The code of an answer, as it is counted. */
export type AnswerCode = LabelsOf<'postkey_smtp_messages_total'>['outcome']

const codes: readonly string[] = metricTable.postkey_smtp_messages_total.values

const isCounted = (code: string): code is AnswerCode => codes.includes(code)

function counted(code: number): AnswerCode {
  const text = String(code)
  return isCounted(text) ? text : 'other'
}

/** Gives a promise's outcome to one of smtp-server's callbacks; anything unexpected is answered 451. */
export function answer<T>(
  work: Promise<T>,
  callback: (error: Error | null, value?: T) => void,
  onFailure: (error: unknown) => void,
  count: (code: AnswerCode) => void,
): void {
  work.then(
    (value) => {
      count('250')
      callback(null, value)
    },
    (error) => {
      const refusal = error instanceof SmtpRefusal ? error : new SmtpRefusal(451, '4.3.0 Try again later')
      if (refusal !== error) onFailure(error)
      count(counted(refusal.responseCode))
      callback(refusal)
    },
  )
}
