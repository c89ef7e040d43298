import type { RuleGroup } from '../rule.ts'

export const syncRules: RuleGroup = {
  heading: 'Synchronisation and backup',
  rules: [
    {
      name: 'sync_databases_allowed',
      type: 'texts',
      countMax: 16,
      standard: ['calendar', 'address_book', 'tasks', 'memos', 'options'],
      says: 'Organizer databases that may be synchronised.',
      terminal: null,
    },
    {
      name: 'allow_wireless_backup',
      type: 'bool',
      standard: true,
      says: 'The handheld keeps a copy of its options with the server, and gets it back after an activation.',
      terminal: null,
    },
    {
      name: 'prepopulation_days',
      type: 'int',
      min: 0,
      max: 30,
      standard: 5,
      says: 'Days of earlier mail that are sent to the handheld after its activation; 0 none.',
      terminal: null,
    },
    {
      name: 'prepopulation_messages_max',
      type: 'int',
      min: 0,
      max: 3_000,
      standard: 200,
      says: 'Most messages of earlier mail that are sent after an activation.',
      terminal: null,
    },
    {
      name: 'calendar_days_back',
      type: 'int',
      min: 0,
      max: 365,
      standard: 30,
      says: 'Days of past appointments that are kept on the handheld.',
      terminal: null,
    },
    {
      name: 'calendar_days_ahead',
      type: 'int',
      min: 1,
      max: 1_095,
      standard: 365,
      says: 'Days of coming appointments that are kept on the handheld.',
      terminal: null,
    },
  ],
}
