/** Every maximum of the protocol and the server, with its unit in its name and its reason beside it. */

const KIB = 1024
const MIB = 1024 * KIB
const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S

export const limits = {
  /** CBOR nesting; the deepest content of the protocol needs 7. */
  cborDepthMax: 16,

  // ETP.DAT and the mail that carries it
  etpFileBytesMax: 16 * KIB,
  etpBodyBytesMax: 4 * KIB,
  /** A mail larger than this is never an ETP message: the relay's are under 8 KiB. */
  etpMailBytesMax: 256 * KIB,
  /** A forward as attachment nests once; five levels cover lists and gateways. */
  mimeDepthMax: 5,
  mimePartsMax: 200,
  mimeTimeMs: 5_000,
  etpLifeSecondsMax: 2 * DAY_S,

  // exchange
  m3BoxBytesMax: 8 * KIB,
  m4BoxBytesMax: 32 * KIB,
  /** Tolerance between the clocks of relay and servers. */
  clockSkewSeconds: 300,
  transactionsPerGrantMax: 1_000,
  proofsAtOnceMax: 8,
  claimSecondsMax: DAY_S,
  triesPerPin: 5,
  guardTotalGenerated: 50,
  guardTotalTyped: 10,

  // packets
  packetBytesMax: MIB,
  contentBytesMax: MIB,
  /** A packet whose payload is larger goes out in parts. */
  unpartedPayloadBytesMax: 61_440,
  partChunkBytes: 49_152,
  partCountMax: 22,
  partBytesPerPeerMax: 4 * MIB,
  partSecondsMax: 7 * DAY_S,
  replayWindow: 1_024,
  unackedPacketsMax: 256,
  seqReserveBlock: 64,
  resendSecondsMax: 7 * DAY_S,

  // relay
  frameBytesMax: 64 * KIB,
  framePayloadBytesMax: 65_000,
  loginSecondsMax: 15,
  pingSeconds: 45,
  pongSecondsMax: 30,
  sendTtlSecondsMax: 7 * DAY_S,
  sendsUnansweredMax: 64,
  deliverUnackedDeviceMax: 32,
  deliverUnackedServerMax: 256,
  queueBytesPerPinMax: 5 * MIB,
  queueFramesPerPinMax: 500,
  /** What a server lets wait at the relay for one PIN, so that policy and keys always find room. */
  serverQueueFramesPerPin: 64,
  serverQueueBytesPerPin: 2 * MIB,
  midMemorySeconds: 8 * DAY_S,
  tokenFramesMax: 20,
  peersPerDeviceMax: 8,
  pinsPerListMax: 1_000,
  domainsPerServerMax: 256,
  transactionsPerPinHour: 10,
  mailsPerAddressHour: 60,

  // mail server
  messageBytesMax: 25 * MIB,
  recipientsMax: 100,
  imapLiteralBeforeLoginMax: 8 * KIB,
  imapLineBytesMax: 64 * KIB,
} as const
