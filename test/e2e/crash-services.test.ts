/** The server dies between its own proof and the end; each point is before or after a commit or a sending. */
import { testServerCrashes } from '../support/crash-world.ts'

testServerCrashes('an agent killed while it proves itself completes the activation, and does nothing twice', [
  'agent.before_send_m4',
  'agent.after_send_m4',
  'agent.before_send_key_check',
  'agent.after_send_key_check',
  'agent.before_key_check_commit',
  'agent.after_key_check_commit',
  'agent.before_frame_ack#2',
])

testServerCrashes('an agent killed while it provisions completes the activation, and does nothing twice', [
  'agent.before_policy_commit',
  'agent.after_policy_commit',
  'agent.before_send_policy',
  'agent.after_send_policy',
  'agent.before_policy_ack_commit',
  'agent.after_policy_ack_commit',
  'agent.before_frame_ack#3',
  'agent.before_books_commit',
  'agent.after_books_commit',
  'agent.before_send_books',
  'agent.after_send_books',
  'agent.before_books_ack_commit',
  'agent.after_books_ack_commit',
  'agent.before_frame_ack#4',
])
