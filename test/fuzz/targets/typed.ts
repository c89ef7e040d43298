/** What people type and files hold: addresses, passwords, tables, configuration, a handheld’s state. */
import { answeredValue, decodeAnswer } from '#admin/socket/wire.ts'
import { parseUsers } from '#cli/user-csv.ts'
import { checkConfig } from '#config/load.ts'
import { readFileText } from '#config/sources.ts'
import { withoutSecrets } from '#edge/token-command.ts'
import { decodeSaved } from '#handheld/state-codec.ts'
import { fill, placeholdersIn } from '#invitation/fill.ts'
import { Fault } from '#kernel/fault.ts'
import { decodeCommandOutput, decodeTokenAnswer, tokenErrorCode } from '#mailbox/token-answer.ts'
import { decodeActivationCode, encodeActivationCode } from '#protocol/activation-code.ts'
import { canonicalEmail, canonicalPassword, isCanonicalEmail } from '#protocol/canonical.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, orRefused, texts } from './expect.ts'

const addressTarget: FuzzTarget = {
  name: 'canonical-address',
  run: (input) => {
    for (const typed of [Buffer.from(input).toString('utf8'), Buffer.from(input).toString('utf16le')]) {
      const once = canonicalEmail(typed)
      if (once.ok)
        expect(isCanonicalEmail(once.value) && once.value.length <= 254, 'a canonical form is its own')
    }
  },
  seeds: () => [
    Buffer.from('User.Name+tag@Exämple.com'),
    Buffer.from(' a@xn--bcher-kva.example \n'),
    Buffer.from('a@ﬀ.test'),
  ],
  dictionary: [
    Buffer.from('ß'),
    Buffer.from('ǰ'),
    Buffer.from('J̌'),
    '@',
    '.',
    'xn--',
    Buffer.from('\u200d'),
    Buffer.from('\u{1f600}'),
    Buffer.from('İ'),
    '..',
    '-',
  ],
}

const passwordTarget: FuzzTarget = {
  name: 'canonical-password',
  run: (input) => {
    for (const typed of [Buffer.from(input).toString('utf8'), Buffer.from(input).toString('utf16le')]) {
      const once = canonicalPassword(typed)
      if (once === null) continue
      expect(!/[ \t\r\nA-Z-]/.test(once), 'no spaces, hyphens or capitals are left')
      expect(once.isWellFormed(), 'it is text')
    }
  },
  seeds: () => [Buffer.from('ABCD-efgh 1234'), Buffer.from('pässwörd\u2011x\u00a0y'), Buffer.from('ﬁ')],
  dictionary: [Buffer.from('\u2011'), Buffer.from('\u00a0'), Buffer.from('ﷺ'), Buffer.from('K'), ' ', '-'],
}

const adminTarget: FuzzTarget = {
  name: 'admin-answer',
  run: (input) => {
    const line = Buffer.from(input).toString('utf8')
    orRefused(() => answeredValue(decodeAnswer(line)), Fault)
  },
  seeds: () =>
    texts(
      '{"value":[1,{"a":null}]}',
      '{"fault":{"code":"grant.expired","detail":"x"}}',
      '{"end":true}',
      '{"fault":null}',
    ),
  dictionary: [
    '"value":',
    '"fault":',
    '"code":',
    '"detail":',
    '"__proto__":',
    '{}',
    '[]',
    'null',
    '1e999',
    '\\ud800',
    '"toString"',
  ],
}

const csvTarget: FuzzTarget = {
  name: 'csv-import',
  run: (input) => {
    const users = orRefused(() => parseUsers(Buffer.from(input).toString('utf8')), Fault)
    const said = (users ?? []).map((one) => ('row' in one ? one.row.address : one.wrong))
    expect(
      said.every((text) => typeof text === 'string'),
      'every row is a user, or says what is wrong',
    )
  },
  seeds: () =>
    texts(
      'address,name,aliases\r\na@b.test,"A, B",c@b.test;d@b.test\r\n',
      'a@b.test,A\n',
      '"a""b",x',
      'address,groups,organisation,enabled\na@b.test,Sales;North,,no\n',
    ),
  dictionary: [
    'address',
    'name',
    'aliases',
    'groups',
    'organisation',
    'enabled',
    'yes',
    '"',
    '""',
    ',',
    '\r\n',
    '\ufeff',
    ';',
    '"\n',
  ],
}

const configTarget: FuzzTarget = {
  name: 'config-file',
  run: (input) => {
    const written = Buffer.from(input).toString('utf8')
    readFileText(written, 'f').mistakes.every(({ says }) => says.length)
    const set = written.split('\n').map((line) => line.replace(' = ', '='))
    checkConfig({ set: set.filter((line) => line.includes('=')).slice(0, 8), env: {}, cwd: '/nonexistent' })
  },
  seeds: () =>
    texts(
      '[server]\ndomain = "example.com"\n[[relay.smtp_route]]\nhost = "a"\nport = 25\n',
      'server.domain = "x"\na.b = [1, { c = 1979-05-27T07:32:00Z }]\n',
      "x = '''\na\n'''\ny = 0xff\nz = inf",
    ),
  dictionary: [
    '[',
    ']',
    '[[',
    ']]',
    '"""',
    "'''",
    ' = ',
    '{',
    '}',
    'server.',
    'relay.',
    'domain',
    '__proto__',
    '1e9',
    'nan',
    '\\u0000',
    '#',
  ],
}

const tokenTarget: FuzzTarget = {
  name: 'token-answer',
  run: (input) => {
    for (const answer of [decodeTokenAnswer(input), decodeCommandOutput(input)]) {
      if (!answer.ok) continue
      const { token, livesMs, refreshToken } = answer.value
      expect(/^[\w.~+/-]+=*$/.test(token) && token.length <= 8_192, 'a token fits into one field of a log-in')
      expect(livesMs === null || (livesMs >= 0 && livesMs < 4e11), 'it lives for a time')
      expect(refreshToken === null || /^[ -~]+$/.test(refreshToken), 'a refresh token is one line')
    }
    expect(/^[a-z_]{0,40}(?: AADSTS\d{4,8})?$/.test(tokenErrorCode(input)), 'only a code is quoted')
    expect(withoutSecrets(input).length <= 130, 'a complaint is one short line')
  },
  seeds: () =>
    texts(
      '{"access_token":"a.b-c==","token_type":"Bearer","expires_in":3599,"refresh_token":"r 1","scope":"x"}',
      '{"error":"invalid_grant","error_description":"AADSTS70000: no"}',
      'ya29.token\n',
      'password: swordfish is wrong',
    ),
  dictionary: [
    '"access_token":',
    '"expires_in":',
    '"error":',
    'AADSTS',
    '\\u0001',
    '\u0000',
    '1e999',
    '"a"',
    '{',
    '}',
  ],
}

const savedTarget: FuzzTarget = {
  name: 'handheld-file',
  run: (input) => {
    orRefused(() => decodeSaved(Buffer.from(input).toString('utf8')), Fault)
  },
  seeds: () =>
    texts(
      '{"format":"postkey-handheld-1","saved":{"seed":{"$bytes":"AAAA"},"state":{"device":{},"outbox":[],"held":[],"parts":[],"unanswered":[],"m":{"$map":[["a",1]]}}}}',
      '{"format":"postkey-handheld-1","saved":null}',
    ),
  dictionary: ['"$bytes":', '"$map":', '"saved":', '"state":', '[[', '[]', '{}', 'null', '"\\u0000"', '"!"'],
}

const codeTarget: FuzzTarget = {
  name: 'activation-code',
  run: (input) => {
    const read = decodeActivationCode(Buffer.from(input).toString('utf8'))
    if (!read.ok) return
    const { address, password } = read.value
    expect(isCanonicalEmail(address), 'the address is in its canonical form')
    expect(password === undefined || canonicalPassword(password) !== '', 'a password that can be typed')
    const again = decodeActivationCode(encodeActivationCode(read.value))
    expect(
      again.ok && again.value.address === address && again.value.password === password,
      'one code, one meaning',
    )
  },
  seeds: () => [
    Buffer.from('postkey:activate?address=alice%40example.test&password=k7mq-2x9p-wr4t'),
    Buffer.from('postkey:activate?x=1&address=j%C3%B6rg%40xn--bcher-kva.example'),
  ],
  dictionary: ['postkey:activate?', 'address=', 'password=', '&', '%40', '%C3%A4', '%', '%00', '%ED%A0%80'],
}

/** Templates come from the administrator, values from users: neither breaks out of its place. */
const templateTarget: FuzzTarget = {
  name: 'mail-template',
  run: (input) => {
    const text = Buffer.from(input).toString('utf8')
    const cut = text.indexOf('\n\n')
    const [template, value] = cut < 0 ? [text, text] : [text.slice(0, cut), text.slice(cut + 2)]
    const html = fill(`<p>{{a}}</p>`, 'html', { a: value })
    expect(html === '' || /^<p>[^<>"']*(?:<br>[^<>"']*)*<\/p>$/.test(html), 'a value is no markup')
    expect(!/[\r\n]/.test(fill('{{a}}', 'header', { a: value })), 'a value adds no line')
    const names = placeholdersIn(template)
    const filled = fill(template, 'text', Object.fromEntries(names.map((name) => [name, '.'])))
    expect(placeholdersIn(filled).length === 0 || template.includes('{{'), 'what is filled in is not left')
  },
  seeds: () => [
    Buffer.from('Hello {{display_name}},\n{{ steps }}\n\nAlice <b> & "co"'),
    Buffer.from('{{a}}{{{b}}}\n\nA\r\nBcc: x'),
  ],
  dictionary: ['{{', '}}', '{{a}}', '\n', '\r\n', '<', '&lt;', '"'],
}

export const targets: readonly FuzzTarget[] = [
  addressTarget,
  passwordTarget,
  codeTarget,
  templateTarget,
  adminTarget,
  csvTarget,
  configTarget,
  savedTarget,
  tokenTarget,
]
