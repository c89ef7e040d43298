/** The server dies between the mail and the master key; each point is before or after a commit or a sending. */
import { testServerCrashes } from '../support/crash-world.ts'

testServerCrashes(
  'an agent killed while it answers a request completes the activation, and does nothing twice',
  [
    'smtp.before_commit',
    'smtp.after_commit',
    'agent.before_intake_commit',
    'agent.after_intake_commit',
    'agent.before_m2_commit',
    'agent.after_m2_commit',
    'agent.before_send_m2',
    'agent.after_send_m2',
    'agent.before_receipt_commit_m2',
    'agent.after_receipt_commit_m2',
    'agent.before_judged_commit',
    'agent.after_judged_commit',
    'agent.before_frame_ack',
  ],
)
