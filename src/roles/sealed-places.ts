/** Where the database holds sealed values. A test holds this list against the schema. */
import { runSecretsContext } from '#agent/answer.ts'
import { keyContext } from '#agent/packets.ts'
import { offerContext } from '#agent/rollover/secrets.ts'
import { mailboxPasswordContext } from '#crypto/mailbox-password.ts'
import { recordContext } from '#crypto/registration-record.ts'
import type { ActivationId, MailAddress, Pin, SrpId } from '#kernel/brand.ts'
import { orderContext } from '#policy/sealed-order.ts'
import { loginKeyContext } from '#relay/administration.ts'
import { routeContext, sealContext } from '#relay/identity.ts'
import { invitationContext } from '#store/invitations.ts'
import type { SealedPlace } from '#store/sqlite/reseal.ts'

const mainAddress =
  '(SELECT address FROM user_address a WHERE a.user_id = mailbox_password.user_id AND a.main = 1)'

export const sealedPlaces: readonly SealedPlace[] = [
  {
    ...{ table: 'registration_record', column: 'sealed', keys: ['grant_id', 'address', 'profile'] },
    context: ({ address, profile }) => recordContext(String(address), Number(profile)),
  },
  {
    ...{ table: 'run_secret', column: 'sealed', keys: ['txn'] },
    context: ({ txn }) => runSecretsContext(txn as ActivationId),
  },
  {
    ...{ table: 'master_key', column: 'sealed', keys: ['pin', 'kid'] },
    context: ({ pin, kid }) => keyContext(pin as Pin, Number(kid)),
  },
  {
    ...{ table: 'rollover', column: 'sealed', keys: ['pin', 'new_kid'] },
    context: (row) => offerContext(row.pin as Pin, Number(row.new_kid)),
  },
  {
    ...{ table: 'mailbox_password', column: 'sealed', keys: ['user_id'], also: mainAddress },
    context: ({ also }) => mailboxPasswordContext(also as MailAddress),
  },
  {
    ...{ table: 'invitation_mail', column: 'sealed', keys: ['id'], also: 'message_id' },
    context: ({ also }) => invitationContext(String(also)),
  },
  {
    ...{ table: 'queue_item', column: 'sealed', keys: ['id'], also: 'pin' },
    context: ({ also }) => orderContext(String(also)),
  },
  { table: 'relay_identity', column: 'route_key_sealed', keys: ['one'], context: () => routeContext },
  { table: 'relay_seal_key', column: 'seed_sealed', keys: ['id'], context: () => sealContext },
  {
    ...{ table: 'relay_server', column: 'login_key_sealed', keys: ['srp_id'] },
    context: (row) => loginKeyContext(row.srp_id as SrpId),
  },
  {
    ...{ table: 'installation', column: 'value', keys: ['name'] },
    where: "(name LIKE 'credential/%' OR name LIKE 'secret/%')",
    context: ({ name }) => String(name),
  },
]
