/** What smtp-server answers when a handler refuses: the code, and the sentence after it. */
export class SmtpRefusal extends Error {
  override name = 'SmtpRefusal'
  readonly responseCode: number

  constructor(responseCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.responseCode = responseCode
  }
}

/** Gives a promise's outcome to one of smtp-server's callbacks; anything unexpected is answered 451. */
export function answer<T>(
  work: Promise<T>,
  callback: (error: Error | null, value?: T) => void,
  onFailure: (error: unknown) => void,
): void {
  work.then(
    (value) => callback(null, value),
    (error) => {
      if (error instanceof SmtpRefusal) return callback(error)
      onFailure(error)
      callback(new SmtpRefusal(451, '4.3.0 Try again later'))
    },
  )
}
