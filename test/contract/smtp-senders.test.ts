import { curl, exim, postfix, swaks } from './smtp-senders.ts'
import { senderContract } from './smtp-sending.ts'

senderContract('Postfix over TLS', { peer: 'postfix', start: postfix, protocol: 'ESMTPS', queues: true })
senderContract('Exim over TLS', { peer: 'exim', start: exim, protocol: 'ESMTPS', queues: true })
senderContract('curl over TLS', { peer: 'curl', start: curl(true), protocol: 'ESMTPS', queues: false })
senderContract('curl', { peer: 'curl', start: curl(false), protocol: 'ESMTP', queues: false })
senderContract('swaks', { peer: 'swaks', start: swaks, protocol: 'ESMTP', queues: false })
