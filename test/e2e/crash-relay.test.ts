/** The relay dies, and with it the server it runs in; a number counts how often the point has been passed. */
import { testServerCrashes } from '../support/crash-world.ts'

testServerCrashes(
  'a relay killed while it mails a request completes the activation, and does nothing twice',
  [
    'relay.after_enrolled',
    'relay.before_mail_stored',
    'relay.after_mail_stored',
    'relay.before_smtp',
    'relay.after_smtp',
    'relay.after_mail_marked',
  ],
)

testServerCrashes('a relay killed while it moves frames completes the activation, and does nothing twice', [
  'relay.before_m2_stored',
  'relay.after_m2_stored',
  'relay.before_ack_stored',
  'relay.after_ack_stored',
  // The first list, at the log-in, is empty; the second names the server before M3.
  'relay.after_peers_stored#2',
  'relay.after_m3_stored',
  'relay.before_m4_stored',
  'relay.after_served_stored',
  // Key check of the server, of the handheld, policy, its answer, books, their answer.
  'relay.after_packet_stored',
  'relay.after_packet_stored#2',
  'relay.before_packet_stored#3',
  'relay.after_packet_stored#4',
  'relay.before_packet_stored#5',
  'relay.after_packet_stored#6',
])
