/** The words on the screen while all goes well, to the letter; those for failures are `#protocol/handheld-text.ts`. */
import type { MailAddress, SrpId } from '#kernel/brand.ts'

export const screens = {
  activating: 'Activating',
  verifying: 'Verifying Encryption',
  verified: 'Encryption Verified. Waiting for Services.',
  servicesReceived: 'Services Received',
  complete: 'Activation Complete',
} as const

/** The angle and square brackets are part of the text. */
export const enabledText = (address: MailAddress, srpId: SrpId): string =>
  `Your email address, <${address}> is now enabled. Synchronization service Desktop [${srpId}]`

export const otherAccountText = (address: MailAddress): string =>
  `This handheld is set up for ${address}. Its data is erased when another address is activated.`
