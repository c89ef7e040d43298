// Odd but legal messages: what comes out of an IMAP server must be what went in.

export interface OddMessage {
  readonly name: string
  readonly bytes: Buffer
  /** Sections whose bytes are known. */
  readonly sections?: Readonly<Record<string, string>>
}

const lines = (...all: readonly string[]): string => all.join('\r\n')

const inner = lines('From: carol@example.test', 'Subject: inner', '', 'Inner text.', '')
const forwarded = lines(
  'From: bob@example.test',
  'Subject: fwd',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="outer"',
  '',
  'preamble',
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner-b',
  '',
  '--inner-b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'plain',
  '--inner-b',
  'Content-Type: text/html',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<p>html=20</p>',
  '',
  '--inner-b--',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  `${inner}`,
  '--outer',
  'Content-Type: application/octet-stream; name="a.bin"',
  'Content-Disposition: attachment; filename="a.bin"',
  'Content-Transfer-Encoding: base64',
  '',
  'AAECAwQF',
  '--outer--',
  'epilogue',
  '',
)

const nested = (depth: number): string =>
  depth === 0
    ? lines('Content-Type: text/plain', '', 'the core', '')
    : lines(
        `Content-Type: multipart/mixed; boundary=b${depth}x`,
        '',
        `--b${depth}x`,
        nested(depth - 1),
        `--b${depth}x--`,
        '',
      )

const plain = (body: string): string => lines('From: a@example.test', 'Subject: t', '', body)
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const everyByte = Buffer.from(
  Array.from({ length: 254 }, (_, i) => i + 1).filter((byte) => byte !== 10 && byte !== 13),
)

export const oddMessages: readonly OddMessage[] = [
  { name: 'plain', bytes: latin1(plain('text\r\n')), sections: { TEXT: 'text\r\n', '1': 'text\r\n' } },
  { name: 'no newline at the end', bytes: latin1(plain('no end')), sections: { '1': 'no end' } },
  { name: 'an empty body', bytes: latin1(lines('Subject: empty', '', '')), sections: { TEXT: '', '1': '' } },
  { name: 'an empty header', bytes: latin1(lines('', 'only text', '')), sections: { TEXT: 'only text\r\n' } },
  { name: 'many empty lines', bytes: latin1(lines('Subject: e', '', '', '', '', '')) },
  { name: 'a very long line', bytes: latin1(plain(`${'x'.repeat(200_000)}\r\n`)) },
  { name: 'a very long header field', bytes: latin1(lines(`Subject: ${'y'.repeat(20_000)}`, '', 'z', '')) },
  {
    name: 'a folded header',
    bytes: latin1(lines('Subject: one', ' two', '\tthree', 'To: a@example.test', '', '.')),
  },
  { name: 'lines of dots', bytes: latin1(plain(lines('.', '..', '...', '.x', ''))) },
  { name: 'UTF-8 in header and text', bytes: Buffer.from(lines('Subject: Grüße ✓', '', 'über ✓', '')) },
  { name: 'latin1 in header and text', bytes: latin1(lines('Subject: Gr\xfc\xdfe', '', '\xfcber', '')) },
  {
    name: 'every byte but NUL, CR, LF',
    bytes: Buffer.concat([latin1(plain('')), everyByte, latin1('\r\n')]),
  },
  {
    name: 'a forward in a mixed message',
    bytes: latin1(forwarded),
    sections: {
      '1.1': 'plain',
      '1.1.MIME': 'Content-Type: text/plain; charset=utf-8\r\n\r\n',
      '1.2': '<p>html=20</p>\r\n',
      // The line end before a delimiter belongs to the delimiter.
      '2': inner,
      '2.HEADER': 'From: carol@example.test\r\nSubject: inner\r\n\r\n',
      '2.TEXT': 'Inner text.\r\n',
      '2.1': 'Inner text.\r\n',
      '3': 'AAECAwQF',
      '3.MIME': lines(
        'Content-Type: application/octet-stream; name="a.bin"',
        'Content-Disposition: attachment; filename="a.bin"',
        'Content-Transfer-Encoding: base64',
        '',
        '',
      ),
    },
  },
  {
    name: 'eight levels of multipart',
    bytes: latin1(nested(8)),
    sections: { '1.1.1.1.1.1.1.1': 'the core\r\n' },
  },
  {
    name: 'a multipart that is cut off',
    bytes: latin1(lines('Content-Type: multipart/mixed; boundary=q', '', '--q', '', 'open end')),
    sections: { '1': 'open end' },
  },
  {
    name: 'a multipart whose boundary never comes',
    bytes: latin1(lines('Content-Type: multipart/mixed; boundary=never', '', 'just text', '')),
  },
  {
    name: 'a boundary in the middle of a line',
    bytes: latin1(
      lines(
        'Content-Type: multipart/mixed; boundary=aa',
        '',
        '--aa',
        '',
        'no --aa here',
        '--aa',
        '',
        'two',
        '--aa--',
        '',
      ),
    ),
    sections: { '1': 'no --aa here', '2': 'two' },
  },
  {
    name: 'a digest',
    bytes: latin1(
      lines(
        'Content-Type: multipart/digest; boundary=d',
        '',
        '--d',
        '',
        'Subject: one',
        '',
        'text one',
        '--d--',
        '',
      ),
    ),
    sections: { '1.HEADER': 'Subject: one\r\n\r\n', '1.TEXT': 'text one' },
  },
  {
    name: 'a message that is a message',
    bytes: latin1(lines('Content-Type: message/rfc822', '', 'Subject: in', '', 'deep', '')),
    sections: { '1.HEADER': 'Subject: in\r\n\r\n', '1.1': 'deep\r\n' },
  },
  {
    name: 'comments and odd quoting in Content-Type',
    bytes: latin1(
      lines(
        'Content-Type: multipart/mixed (really); boundary="q\\"q" (yes)',
        '',
        '--q"q',
        '',
        'x',
        '--q"q--',
        '',
      ),
    ),
    sections: { '1': 'x' },
  },
  { name: 'only a header, with its empty line', bytes: latin1(lines('Subject: head', 'X-Long: v', '', '')) },
  { name: 'repeated and empty fields', bytes: latin1(lines('X: 1', 'X:', 'X: 3', 'From:', '', 'b', '')) },
]

/** A small message with a subject of its own. */
export const simpleMessage = (subject: string, text = 'Hello.\r\n'): Buffer =>
  latin1(lines('From: Bob <bob@example.test>', 'To: alice@example.test', `Subject: ${subject}`, '', text))
