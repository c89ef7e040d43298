/**
 * The ways in which an activation fails that the timeline must name: in the words in which users of such systems told
 * of them, with the outcome code that names each, and the test that makes it happen and sees it named. (A stalled slow
 * sync is not among them yet: there is no sync to stall.)
 */
import type { FaultCode } from '#kernel/fault.ts'

export interface Failure {
  readonly words: string
  /** One code, or several where the words hold several failures: each is made by the test named with it. */
  readonly named: readonly Named[]
}

export interface Named {
  readonly code: FaultCode
  readonly file: string
  readonly test: string
}

const mail = 'test/e2e/explain-mail.test.ts'
const unwatched = 'test/e2e/explain-unwatched.test.ts'
const imap = 'test/e2e/threats-imap.test.ts'
const apart = 'test/e2e/explain-apart.test.ts'
const handheld = 'test/e2e/explain-handheld.test.ts'
const server = 'test/e2e/threats-server.test.ts'
const handhelds = 'test/e2e/threats-handhelds.test.ts'
const request = 'test/e2e/causes-request.test.ts'
const password = 'test/e2e/causes-password.test.ts'

const by = (code: FaultCode, file: string, test: string): Named => ({ code, file, test })

export const failures: readonly Failure[] = [
  {
    words: 'mail never arrived (greylisted, bounced, queue)',
    named: [
      by('smtp.unreachable', mail, 'a mail that the mail server puts off (greylisting) is named'),
      by('mail.not_seen', request, 'a mail that does not come is named while it is waited for'),
      by('relay.mail_queued', unwatched, 'flooder: one handheld is told E17, and who waits behind'),
    ],
  },
  {
    words: 'attachment stripped, renamed or re-encoded',
    named: [by('mail.stripped', mail, 'a mail whose attachment was stripped is named')],
  },
  {
    words: 'mail moved by a filter or to Junk',
    named: [by('mail.in_junk', mail, 'a mail that a filter put into the Junk folder is found there')],
  },
  {
    words: 'opened, flagged or deleted by a mail client first',
    named: [by('mail.gone', unwatched, 'a mail that a mail client deletes first is named')],
  },
  {
    words: 'address is an alias',
    named: [by('grant.alias', request, 'an address that only the mail server knows is told so')],
  },
  {
    words: 'mailbox renamed, moved, over quota',
    named: [
      by('imap.no_mailbox', imap, 'a mailbox that was renamed or moved away is named'),
      by('smtp.refused', mail, 'a mail to a mailbox over quota is named'),
    ],
  },
  {
    words: 'wrong password',
    named: [by('proof.wrong_password', password, 'a wrong password is told with the tries left')],
  },
  {
    words: 'expired password',
    named: [by('grant.expired', password, 'a password that expired before the request came is told as none')],
  },
  { words: 'none set', named: [by('grant.none', password, 'a user without a password is told so')] },
  {
    words: 'too many tries',
    named: [by('proof.too_many_tries', password, 'registered handheld, wrong password: after five of them')],
  },
  {
    words: 'replayed or duplicate ETP.DAT',
    named: [by('mail.duplicate', mail, 'a replayed mail counts once, and that is said')],
  },
  {
    words: 'two servers on one mailbox',
    named: [by('request.taken', server, 'its M2 first costs one try, ends in E12 and is named')],
  },
  {
    words: 'agent hung or behind',
    named: [
      by('agent.behind', unwatched, 'an agent that has not looked for two intervals is named'),
      by('agent.behind', apart, 'an agent that hangs or does not run is named'),
    ],
  },
  {
    words: 'service account lacks a right',
    named: [by('imap.no_right', imap, 'a service account without the right to a mailbox is named')],
  },
  {
    words: 'mail server slow or refusing connections',
    named: [
      by('smtp.unreachable', mail, 'a mail server that refuses connections is named'),
      by('imap.unreachable', imap, 'a mail server that hangs up is named'),
    ],
  },
  {
    words: 'relay unreachable, SRP id disabled or in use twice',
    named: [
      by('relay.unreachable', apart, 'a relay that cannot be reached is named'),
      by('relay.displaced', handheld, 'an SRP id that is in use twice is named'),
      by('relay.suspended', apart, 'an SRP id that is disabled is named'),
    ],
  },
  {
    words: 'handheld off the air',
    named: [by('handheld.off_air', handheld, 'a handheld off the air is named')],
  },
  {
    words: 'handheld not allowed (PIN, maker, model)',
    named: [
      by('proof.not_allowed', handhelds, 'its PIN on the access list is told so'),
      by('proof.not_allowed', handhelds, 'a model on the access list is told so after its proof'),
    ],
  },
  {
    words: 'algorithm not in common',
    named: [by('request.no_common_suite', request, 'without an algorithm in common both sides say so')],
  },
  {
    words: 'policy not acknowledged',
    named: [by('policy.not_acknowledged', handheld, 'a policy that is not acknowledged is named')],
  },
  {
    words: 'policy refused by the handheld',
    named: [by('policy.refused', handheld, 'a policy that the handheld refuses is named')],
  },
  {
    words: 'policy bound to another domain',
    named: [by('policy.other_domain', handheld, 'a policy bound to another domain is named')],
  },
  {
    words: 'a service book missing',
    named: [by('books.left_out', handheld, 'a service book that the handheld did not take is named')],
  },
  {
    words: 'handheld already activated by another user',
    named: [by('handheld.other_user', handheld, 'a handheld that another user has activated since is named')],
  },
  {
    words: 'clock wrong',
    named: [by('request.clock', request, "a server whose clock is ten minutes behind the relay's says so")],
  },
]
