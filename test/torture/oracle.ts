/**
 * What the server has acknowledged, noted outside of it, and what follows from that: nothing of it may be missing,
 * nothing may be there more often than it was asked for. Pure: the loads write into it, `judge*` reads.
 */

/** One message, by SMTP or APPEND. */
export interface MailNote {
  readonly id: string
  readonly mailbox: string
  /** SHA-256 of the text as it was sent, in hex. */
  readonly digest: string
  /** How often its end was sent: each may have been kept, acknowledged or not. */
  attempts: number
  acked: boolean
  /** Of APPENDUID. */
  uid: number | null
}

/** One payload that a handheld hands to the relay for a server. */
export interface FrameNote {
  readonly id: string
  /** Receipt 0 or 1 has come. */
  stored: boolean
  /** Receipt 1 has come: the relay had written down that the receiver has it. */
  delivered: boolean
  received: number
  /** Received once more although receipt 1 was out. */
  receivedAgain: number
}

/** A message as a user finds it. */
export interface Found {
  readonly uid: number
  /** Empty where the message is none of ours. */
  readonly id: string
  readonly digest: string
}

export interface Verdict {
  /** One line each: what was acknowledged and is not there, or not as it was. */
  readonly missing: readonly string[]
  /** One line each: what is there more often than asked for. */
  readonly twice: readonly string[]
}

export const verdictOf = (...parts: readonly Verdict[]): Verdict => ({
  missing: parts.flatMap(({ missing }) => missing),
  twice: parts.flatMap(({ twice }) => twice),
})

/**
 * @param before what the same mailbox showed earlier: what a user was shown once stays
 * @param found the whole mailbox
 */
export function judgeMailbox(
  mailbox: string,
  notes: Iterable<MailNote>,
  before: readonly Found[],
  found: readonly Found[],
): Verdict {
  const byUid = new Map(found.map((one) => [one.uid, one]))
  const byId = Map.groupBy(found, ({ id }) => id)
  const ofMailbox = [...notes].filter((note) => note.mailbox === mailbox)
  const complaints = verdictOf(...ofMailbox.map((note) => judgeMail(note, byId.get(note.id) ?? [], byUid)), {
    missing: before
      .filter(({ uid, id }) => byUid.get(uid)?.id !== id)
      .map(({ uid, id }) => `UID ${uid} was shown as ${id}`),
    twice: byUid.size === found.length ? [] : ['a UID names two messages'],
  })
  const named = (line: string) => `${mailbox}: ${line}`
  return { missing: complaints.missing.map(named), twice: complaints.twice.map(named) }
}

function judgeMail(
  { id, digest, attempts, acked, uid }: MailNote,
  copies: readonly Found[],
  byUid: ReadonlyMap<number, Found>,
): Verdict {
  const missing: string[] = []
  if (acked && copies.length === 0) missing.push(`${id} was acknowledged`)
  if (uid !== null && byUid.get(uid)?.id !== id) missing.push(`${id} was acknowledged as UID ${uid}`)
  if (copies.some((copy) => copy.digest !== digest)) missing.push(`${id} has other bytes`)
  const often = `${id} is there ${copies.length} times of ${attempts} attempts`
  return { missing, twice: copies.length > attempts ? [often] : [] }
}

export function judgeFrames(notes: Iterable<FrameNote>): Verdict {
  const missing: string[] = []
  const twice: string[] = []
  for (const { id, stored, received, receivedAgain } of notes) {
    if (stored && received === 0) missing.push(`frame ${id} had its receipt`)
    if (receivedAgain > 0) twice.push(`frame ${id} came again after it was delivered`)
  }
  return { missing, twice }
}
