/**
 * Every place where an activation, a command or a component can stop or wait. One row per cause; several
 * causes share one handheld text on purpose: a handheld that has proved nothing learns no more than that.
 */
import { accessFaults } from './faults/access.ts'
import { administrationFaults } from './faults/administration.ts'
import { deliveryFaults } from './faults/delivery.ts'
import { directoryFaults } from './faults/directory.ts'
import { grantFaults } from './faults/grant.ts'
import { installationFaults } from './faults/installation.ts'
import { invitationFaults } from './faults/invitation.ts'
import { mailFaults } from './faults/mail.ts'
import { proofFaults } from './faults/proof.ts'
import { relayFaults } from './faults/relay.ts'
import { requestFaults } from './faults/request.ts'
import { servicesFaults } from './faults/services.ts'

export const faultTable = {
  ...grantFaults,
  ...requestFaults,
  ...proofFaults,
  ...servicesFaults,
  ...relayFaults,
  ...mailFaults,
  ...deliveryFaults,
  ...invitationFaults,
  ...administrationFaults,
  ...accessFaults,
  ...directoryFaults,
  ...installationFaults,
} as const
