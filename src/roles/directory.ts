/** The directory that users are taken from, as it is configured. */

import type { Config } from '#config/schema.ts'
import { readSecretFile } from '#config/secret-file.ts'
import type { OpenDirectory } from '#directory/directory.ts'
import { type LdapSettings, openLdapDirectory } from '#directory/ldap-directory.ts'
import { caIn } from './tls.ts'

/** Null where none is configured; files are read when it is opened. */
export const directoryOf = ({ ldap }: Config): OpenDirectory | null =>
  ldap.url === '' ? null : (signal) => openLdapDirectory(ldapSettings(ldap), signal)

/** @throws Fault config.invalid */
const ldapSettings = (ldap: Config['ldap']): LdapSettings => ({
  url: ldap.url,
  starttls: ldap.starttls,
  ...caIn(ldap.ca_file),
  bindDn: ldap.bind_dn,
  bindPassword: ldap.bind_password_file === '' ? '' : readSecretFile(ldap.bind_password_file),
  timeoutMs: ldap.timeout_seconds * 1000,
  baseDn: ldap.base_dn,
  filter: ldap.filter,
  pageSize: ldap.page_size,
  idAttribute: ldap.id_attribute,
  addressAttribute: ldap.address_attribute,
  nameAttributes: ldap.name_attributes,
  aliasAttributes: ldap.alias_attributes,
  organisationAttribute: ldap.organisation_attribute,
  groups: ldap.groups,
  groupBaseDn: ldap.group_base_dn,
  groupFilter: ldap.group_filter,
  groupNameAttribute: ldap.group_name_attribute,
  groupMemberAttribute: ldap.group_member_attribute,
})
