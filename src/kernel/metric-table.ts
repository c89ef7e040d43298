/**
 * Every metric of Postkey: what it counts, in which unit, and which values its label has. The reference in
 * docs/operating.md is made from it, and each series of it starts at 0 with the process.
 */
import { faultTable } from './fault-table.ts'

export type MetricLabel = 'stage' | 'outcome' | 'direction' | 'role' | 'strategy'

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One plain sentence, as Prometheus shows it. */
  readonly says: string
  readonly label?: MetricLabel
  /** Every value the label can have. */
  readonly values?: readonly string[]
  /** Upper bounds, in the unit of the name. */
  readonly buckets?: readonly number[]
}

const stages = [
  'activating',
  'verifying_encryption',
  'waiting_for_services',
  'services_received',
  'activation_complete',
  'failed',
  'superseded',
] as const

/** Why an activation can end: the codes of these groups, or that all went well. */
const endings = /^(?:grant|request|mail|proof|policy|books|packet|user|internal|relay)\./
const outcomes = ['complete', ...Object.keys(faultTable).filter((code) => endings.test(code))]

/** A person may take days: from a tenth of a second to a week. */
const stageBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1_800, 7_200, 43_200, 172_800, 604_800]
const commitBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256]

export const metricTable = {
  postkey_activations_total: {
    type: 'counter',
    says: 'Activations that came to this stage, counted with the commit that says so.',
    label: 'stage',
    values: stages,
  },
  postkey_activation_endings_total: {
    type: 'counter',
    says: 'Activations that ended, by what they came to: complete, or the outcome code.',
    label: 'outcome',
    values: outcomes,
  },
  postkey_activation_stage_duration_seconds: {
    type: 'histogram',
    says: 'How long activations stayed in a stage before they left it.',
    label: 'stage',
    values: ['activating', 'verifying_encryption', 'waiting_for_services', 'services_received'],
    buckets: stageBuckets,
  },
  postkey_activation_duration_seconds: {
    type: 'histogram',
    says: 'From the first the server heard of an activation to Activation Complete.',
    buckets: stageBuckets,
  },
  postkey_activations_open: { type: 'gauge', says: 'Activations under way.' },
  postkey_passwords_open: { type: 'gauge', says: 'Users with an activation password that works.' },
  postkey_mails_seen_total: {
    type: 'counter',
    says: 'Activation mails that were read, by what told of them.',
    label: 'strategy',
    values: ['hint', 'push', 'idle', 'scan'],
  },
  postkey_push_hints_total: {
    type: 'counter',
    says: "What the mail server's push hook said, by what became of it.",
    label: 'outcome',
    values: ['taken', 'unknown_user', 'other_folder', 'malformed', 'token', 'too_large', 'too_often'],
  },
  postkey_push_last_heard_timestamp_seconds: {
    type: 'gauge',
    says: "When the mail server's push hook was last heard; 0: not since the start, or there is none.",
  },
  postkey_scans_total: {
    type: 'counter',
    says: 'Reads of what is new in one mailbox.',
    label: 'outcome',
    values: ['ok', 'failed'],
  },
  postkey_mailboxes_watched: { type: 'gauge', says: 'Inboxes that are watched.' },
  postkey_mailboxes_failing: { type: 'gauge', says: 'Watched inboxes whose last look failed.' },
  postkey_mailbox_last_success_timestamp_seconds: {
    type: 'gauge',
    says: 'When the inbox that waits longest was last looked at with success; now, where none is watched.',
  },
  postkey_mailbox_connections_open: {
    type: 'gauge',
    says: 'Connections to the IMAP server that scans share.',
  },
  postkey_mailbox_connections_busy: { type: 'gauge', says: 'Those of them that work now.' },
  postkey_mailbox_connections_max: { type: 'gauge', says: 'Most there may be: [agent] connections.' },
  postkey_mailbox_connections_waiting: { type: 'gauge', says: 'Looks that wait for a connection.' },
  postkey_watch_strategy: {
    type: 'gauge',
    says: 'How mailboxes are looked at for news: 1 for the way that is used, 0 for the others.',
    label: 'strategy',
    values: ['list_status', 'status', 'login', 'interval'],
  },
  postkey_mailbox_connections_idling: { type: 'gauge', says: 'Further connections that wait with IDLE.' },
  postkey_mailbox_connects_total: {
    type: 'counter',
    says: 'Connections made to the IMAP server, and those that could not be made.',
    label: 'outcome',
    values: ['ok', 'failed'],
  },
  postkey_mailbox_connections_lost_total: {
    type: 'counter',
    says: 'Connections to the IMAP server that ended by themselves.',
  },
  postkey_work_waiting: { type: 'gauge', says: 'Pieces of work of activations that are due now.' },
  postkey_deliveries_waiting: {
    type: 'gauge',
    says: 'Messages for handhelds that are not acknowledged yet.',
  },
  postkey_handhelds_active: { type: 'gauge', says: 'Handhelds that work for a user.' },
  postkey_handhelds_cut_off: {
    type: 'gauge',
    says: 'Handhelds that have not applied their policy for too long: no mail, calendar or sync.',
  },
  postkey_queue_items_waiting: {
    type: 'gauge',
    says: 'Policies, sets of service books and commands that handhelds have not answered.',
  },
  postkey_queue_items_stopped: {
    type: 'gauge',
    says: 'Those that a handheld refused or that could not be made: they wait for a person.',
  },
  postkey_queue_items_total: {
    type: 'counter',
    says: 'What became of policies, sets of service books and commands; again: the handheld wants it later.',
    label: 'outcome',
    values: ['done', 'refused', 'again', 'set_aside'],
  },
  postkey_key_rollovers_open: { type: 'gauge', says: 'Key rollovers under way.' },
  postkey_key_rollovers_total: { type: 'counter', says: 'Key rollovers that came to a new current key.' },
  postkey_receipts_total: {
    type: 'counter',
    says: "The relay's words on messages for handhelds.",
    label: 'outcome',
    values: ['stored', 'delivered', 'queue_full', 'not_listed', 'token_dead', 'expired', 'refused'],
  },
  postkey_relay_connected: { type: 'gauge', says: 'Whether this server is logged in at its relay: 1 or 0.' },
  postkey_relay_clock_ahead_seconds: { type: 'gauge', says: "How far the relay's clock is ahead of ours." },
  postkey_relay_sessions: {
    type: 'gauge',
    says: 'Who is logged in at the relay of this process.',
    label: 'role',
    values: ['device', 'server'],
  },
  postkey_relay_frames_total: {
    type: 'counter',
    says: 'Frames that the relay took, counted with their commit.',
    label: 'direction',
    values: ['to_device', 'to_server'],
  },
  postkey_relay_frames_settled_total: {
    type: 'counter',
    says: 'Frames that left the relay, by what became of them.',
    label: 'outcome',
    values: ['delivered', 'expired', 'withdrawn'],
  },
  postkey_relay_frames_queued: { type: 'gauge', says: 'Frames that wait at the relay.' },
  postkey_relay_mails_queued: { type: 'gauge', says: 'Activation mails that wait for the mail server.' },
  postkey_relay_mails_total: {
    type: 'counter',
    says: 'Tries to hand an activation mail to the mail server, by its answer.',
    label: 'outcome',
    values: ['accepted', 'refused', 'put_off', 'gave_up'],
  },
  postkey_smtp_messages_total: {
    type: 'counter',
    says: 'Messages the embedded SMTP server was given, by the code it answered.',
    label: 'outcome',
    values: ['250', '421', '450', '451', '452', '550', '552', '553', '554', 'other'],
  },
  postkey_smtp_recipients_refused_total: {
    type: 'counter',
    says: 'Recipients the embedded SMTP server refused, by the code it answered.',
    label: 'outcome',
    values: ['421', '450', '451', '452', '550', '552', '553', '554', 'other'],
  },
  postkey_delivery_mails_total: {
    type: 'counter',
    says: 'Mails handed on to the mail server of [delivery], by its answer; away: there was none.',
    label: 'outcome',
    values: ['delivered', 'refused', 'put_off', 'away'],
  },
  postkey_imap_sessions: { type: 'gauge', says: 'Connections to the embedded IMAP server.' },
  postkey_imap_logins_total: {
    type: 'counter',
    says: 'Log-ins at the embedded IMAP server.',
    label: 'outcome',
    values: ['ok', 'failed'],
  },
  postkey_store_commit_duration_seconds: {
    type: 'histogram',
    says: 'From a write of this process to its commit on disk, the wait for its turn included.',
    buckets: commitBuckets,
  },
  postkey_store_commit_batch_calls: {
    type: 'histogram',
    says: 'Writes that share one commit.',
    buckets: batchBuckets,
  },
} as const satisfies Record<string, MetricRow>

type Table = typeof metricTable
export type MetricName = keyof Table
type OfType<T> = { [N in MetricName]: Table[N] extends { readonly type: T } ? N : never }[MetricName]
export type CounterName = OfType<'counter'>
export type GaugeName = OfType<'gauge'>
export type HistogramName = OfType<'histogram'>

/** The label with one of its values; nothing for a metric without one. */
export type LabelsOf<N extends MetricName> = Table[N] extends {
  readonly label: infer L extends string
  readonly values: readonly (infer V extends string)[]
}
  ? { readonly [K in L]: V }
  : Readonly<Record<never, never>>

export const metricRow = (name: MetricName): MetricRow => metricTable[name]
export const metricNames = Object.keys(metricTable) as MetricName[]
