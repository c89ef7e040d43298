/** Reads every file a configuration names as the roles will: what cannot be used is found before anything is ended. */
import { createSecureContext } from 'node:tls'
import type { Config } from '#config/schema.ts'
import { brokenFiles, readSecretFile } from '#config/secret-file.ts'
import { templateMistakes } from '#invitation/templates.ts'
import { Fault } from '#kernel/fault.ts'
import { keyFromHex } from './secrets.ts'
import { readPem } from './tls.ts'

/** @throws Fault config.invalid with the first that cannot be used */
export function tryFiles(config: Config): void {
  const [mistake] = brokenFiles(config).mistakes
  if (mistake) throw new Fault('config.invalid', `${mistake.key} ${mistake.says}`)
  for (const name of ['smtp', 'imap_server', 'relay'] as const) {
    const { tls_cert_file: cert, tls_key_file: key } = config[name]
    if (cert) tryTls(`${name}.tls_cert_file`, { cert: readPem(cert), key: readPem(key) })
  }
  const { imap, relay, relay_client: client, agent, invitation, ldap } = config
  const cas = [imap, relay.smtp, client, invitation.smtp, ldap, ...relay.smtp_route].map(
    ({ ca_file }) => ca_file,
  )
  for (const ca of cas) if (ca) tryTls(ca, { ca: readPem(ca) })
  const passwords = [imap, relay.smtp, invitation.smtp, ...relay.smtp_route].map(
    ({ password_file }) => password_file,
  )
  for (const file of [...passwords, agent.push_token_file, ldap.bind_password_file])
    if (file) readSecretFile(file)
  const [template] = templateMistakes(invitation.templates_dir, invitation.language)
  if (template !== undefined) throw new Fault('config.invalid', `invitation.templates_dir ${template}`)
  if (client.srp_key_file) keyFromHex(readSecretFile(client.srp_key_file), client.srp_key_file)
}

function tryTls(name: string, files: Parameters<typeof createSecureContext>[0]): void {
  try {
    createSecureContext(files)
  } catch (error) {
    throw new Fault('config.invalid', `${name} holds no certificate that can be used`, error)
  }
}
