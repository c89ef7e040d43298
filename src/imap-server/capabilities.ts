import { loginAllowed, type Session } from './session.ts'

/** Only what the contract suite proves stands here. */
const always = ['IMAP4rev1', 'SASL-IR', 'ID', 'ENABLE']
const afterLogin = [
  'LITERAL+',
  'IDLE',
  'NAMESPACE',
  'CHILDREN',
  'UIDPLUS',
  'MOVE',
  'UNSELECT',
  'CONDSTORE',
  'SPECIAL-USE',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'STATUS=SIZE',
]

/** Before log-in literals are small, so LITERAL- is announced there (RFC 7888 section 5). */
export function capabilities(session: Session): string {
  if (session.identity) return [...always, ...afterLogin].join(' ')
  const startTls = session.context.secureContext && !session.secure ? ['STARTTLS'] : []
  const login = loginAllowed(session) ? ['AUTH=PLAIN'] : ['LOGINDISABLED']
  return [...always, 'LITERAL-', ...startTls, ...login].join(' ')
}
