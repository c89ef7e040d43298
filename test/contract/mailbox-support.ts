/** Mails for the mailbox contract, and a count of what was told. */

export const mail = (subject: string, ...headers: readonly string[]): Uint8Array =>
  new Uint8Array(
    Buffer.from(
      ['From: a@example.test', `Subject: ${subject}`, ...headers, '', 'Hello,', '.', 'bye', ''].join('\r\n'),
      'latin1',
    ),
  )

export const etpMail = (subject = 'Handheld activation request [MDAP 1 4722fdfe]'): Uint8Array =>
  mail(subject, 'X-MDAP-Message: etp; v=1', 'X-MDAP-Transaction: 4722fdfe')

/** Counts calls; `reached` resolves when there were so many. */
export function counter() {
  let count = 0
  let look = () => {}
  return {
    add: () => {
      count += 1
      look()
    },
    reached: (wanted: number) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (count >= wanted) resolve()
        }
        look()
      }),
  }
}
