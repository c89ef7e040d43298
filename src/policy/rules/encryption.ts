import type { RuleGroup } from '../rule.ts'

export const encryptionRules: RuleGroup = {
  heading: 'Encryption and keys',
  rules: [
    {
      name: 'allowed_algorithms',
      type: 'texts',
      countMax: 2,
      standard: ['aes', '3des'],
      among: ['aes', '3des'],
      says: 'Encryption that the handheld may offer at its next activation. A key that is current stays as it is.',
      terminal: 'Offers only these, whatever was asked for on the command line.',
    },
    {
      name: 'key_life_days',
      type: 'int',
      min: 1,
      max: 30,
      standard: 30,
      says: 'Days after which a new master key takes the place of the current one; the server begins after 31 days in any case.',
      terminal: 'Rolls its key over when it is so old, while it runs.',
    },
    {
      name: 'post_quantum_required',
      type: 'bool',
      standard: false,
      says: 'The next activation must use ML-KEM-768 beside the curve, so that what is recorded today stays closed to quantum computers.',
      terminal:
        'Demands it of the server at its next activation, whatever was asked for on the command line.',
    },
    {
      name: 'content_protection',
      type: 'bool',
      standard: false,
      says: 'While it is locked, the handheld keeps mail and organizer data encrypted under its password.',
      terminal: null,
    },
  ],
}
