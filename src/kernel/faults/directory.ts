/** Where things can stop or wait: the directory that users are taken from. */
import type { FaultRow } from '../fault.ts'

export const directoryFaults = {
  'ldap.not_configured': {
    says: 'No directory is configured.',
    next: 'Set `[ldap] url` and the keys after it; `docs/how-to/users-from-a-directory.md` shows them.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.unreachable': {
    says: 'The directory server cannot be reached, or it stopped answering.',
    next: 'Look at `[ldap] url`, the network, and whether the server runs; then repeat the command. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.no_starttls': {
    says: 'The directory server does not offer TLS.',
    next: 'Set it up there, or use an ldaps:// URL; without TLS the password would be read on the way.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.bind_refused': {
    says: 'The directory refuses the log-in.',
    next: 'Compare `[ldap] bind_dn` and the password in `bind_password_file` with the account in the directory.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.no_base': {
    says: 'The directory has no such entry to search under, or does not show it to this account.',
    next: 'Compare `[ldap] base_dn` and `group_base_dn` with the directory, and look at the rights of the account.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.no_right': {
    says: 'The directory does not let this account search.',
    next: 'Give the account the right to search and read below `[ldap] base_dn`.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.filter': {
    says: 'The directory does not understand what it is asked.',
    next: 'Look at `[ldap] filter`, `group_filter` and the DNs; `ldapsearch` with the same filter shows what is wrong.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.limit': {
    says: 'The directory ends the search at a limit of its own.',
    next: 'Raise its size limit for this account, or set `[ldap] page_size` below the limit of a page. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.protocol': {
    says: "The directory's answer is not what LDAP allows, or too large to be one.",
    next: 'Look at whether a directory listens there; a smaller `[ldap] page_size` makes answers smaller. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.refused': {
    says: 'The directory refuses the search for a reason of its own.',
    next: 'The text in brackets is what it says; its log says more. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.nobody': {
    says: 'The search found nobody in the directory.',
    next: 'Look at `[ldap] base_dn` and `filter`. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.too_many': {
    says: 'The search found more entries than are ever read.',
    next: 'Narrow `[ldap] base_dn` or `filter` to the people who are to have a handheld. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.attributes': {
    says: 'No entry that was found has an attribute that every user needs.',
    next: 'Look at this key of `[ldap]`, and whether the account may read the attribute. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.vanishing': {
    says: 'So many users would vanish at once that it looks like a mistake.',
    next: 'Look at `--dry-run`, `[ldap] base_dn` and `filter`; if it is right, repeat with `--force`. Nothing was changed.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.no_id': {
    says: 'The entry has no attribute that keeps its name when it is renamed.',
    next: 'Look at `[ldap] id_attribute`, and whether the account may read it of this entry.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.no_address': {
    says: 'The entry has no mail address.',
    next: 'Give the entry one, or let `[ldap] filter` leave out entries without, as `(mail=*)` does.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.twice': {
    says: 'Several entries of the directory have this address, or one id.',
    next: 'Give each its own; none of them is taken until then.',
    turn: 'administrator',
    retry: 'none',
  },
  'ldap.by_hand': {
    says: 'A user with this address was made by an administrator, and the directory does not speak for them.',
    next: 'Repeat with `--adopt` if the entry is the same person; or remove the user first.',
    turn: 'administrator',
    retry: 'none',
  },
} as const satisfies Record<string, FaultRow>
