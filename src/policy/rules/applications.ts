import type { RuleGroup } from '../rule.ts'

export const applicationRules: RuleGroup = {
  heading: 'Browser, applications and device',
  rules: [
    {
      name: 'allow_browser',
      type: 'bool',
      standard: true,
      says: 'The handheld may open web pages.',
      terminal: null,
    },
    {
      name: 'browser_home_page',
      type: 'text',
      bytesMax: 256,
      standard: '',
      says: "Address of the browser's first page; empty: the handheld's own.",
      terminal: null,
    },
    {
      name: 'allow_other_applications',
      type: 'bool',
      standard: true,
      says: 'The user may install applications.',
      terminal: null,
    },
    {
      name: 'applications_forbidden',
      type: 'texts',
      countMax: 64,
      standard: [],
      says: 'Names of applications that the handheld does not install or start.',
      terminal: null,
    },
    {
      name: 'allow_camera',
      type: 'bool',
      standard: true,
      says: 'The camera may be used.',
      terminal: null,
    },
    {
      name: 'allow_bluetooth',
      type: 'bool',
      standard: true,
      says: 'Bluetooth may be switched on.',
      terminal: null,
    },
    {
      name: 'allow_memory_card',
      type: 'bool',
      standard: true,
      says: 'Data may be kept on a memory card.',
      terminal: null,
    },
  ],
}
