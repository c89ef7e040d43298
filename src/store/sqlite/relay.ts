import type { RelayStore } from '../relay.ts'
import type { Aggregate } from './aggregate.ts'
import { makeRelayFrames } from './relay-frames.ts'
import { makeRelayMails } from './relay-mails.ts'
import { makeRelayNames } from './relay-names.ts'
import { makeRelaySends } from './relay-sends.ts'

export const relay: Aggregate<RelayStore> = {
  reads: [
    'findIdentity',
    'findServer',
    'listServers',
    'listServersOfDomain',
    'findDevice',
    'findDeviceByKey',
    'listDevices',
    'countEnrolments',
    'listSuspended',
    'findSendRows',
    'listQueued',
    'hasExpired',
    'findMailAsk',
    'findMail',
    'findAnsweredMail',
    'newestMailTo',
    'hasMailsToGiveUp',
    'listDueMails',
    'nextMailAtMs',
    'countQueued',
  ],
  make: (db) => ({
    ...makeRelayNames(db),
    ...makeRelaySends(db),
    ...makeRelayFrames(db),
    ...makeRelayMails(db),
    countQueued: () =>
      db.one<{ frames: number; mails: number }>(
        `SELECT (SELECT count(*) FROM relay_frame) AS frames,
           (SELECT count(*) FROM relay_mail WHERE state = 'queued') AS mails`,
      ) ?? { frames: 0, mails: 0 },
  }),
}
