import type { FaultCode } from '#kernel/fault.ts'

/** Why a connection was never made: an untrusted certificate is the administrator's, the rest passes. */
export function faultOfDial(error: Error): FaultCode {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' && untrusted.test(code) ? 'relay.untrusted' : 'relay.unreachable'
}

/** Names of OpenSSL's and Node's certificate errors. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME_MISMATCH/
