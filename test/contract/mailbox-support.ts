/** Mails for the mailbox contract, and a count of what was told. */

let mails = 0

/** A mail as MTAs hand it on: Cyrus adds a date and a Message-ID where there is none, and drops one it has seen. */
export function mail(subject: string, ...headers: readonly string[]): Uint8Array {
  mails += 1
  const lines = [
    'From: a@example.test',
    'Date: Sat, 28 Nov 2026 09:00:00 +0000',
    `Message-ID: <${mails}@example.test>`,
    `Subject: ${subject}`,
    ...headers,
  ]
  return new Uint8Array(Buffer.from([...lines, '', 'Hello,', '.', 'bye', ''].join('\r\n'), 'latin1'))
}

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
