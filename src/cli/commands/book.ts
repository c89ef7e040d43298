import type { Command } from 'commander'
import type { BooksView, BookView } from '#admin/policy/views.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { describeItem } from '../policy-tables.ts'
import type { Run } from '../run.ts'

export function bookCommands(program: Command, host: Host): void {
  const book = program.command('book').description('service books of a handheld')
  book
    .command('list <pin>')
    .description('what the handheld has against what it should have')
    .addHelpText('after', examples('book list 2100AB3F'))
    .action(act(host, (run, args) => shown(run, (admin) => admin.books.list(arg(args, 0)))))
  book
    .command('resend <pin>')
    .description('send the whole set again, under a new number')
    .addHelpText('after', examples('book resend 2100AB3F'))
    .action(act(host, (run, args) => shown(run, (admin) => admin.books.resend(arg(args, 0)))))
  book
    .command('remove <pin> <cid>')
    .description("take a book away from the handheld's user; all but CMIME can be")
    .addHelpText('after', examples('book remove 2100AB3F CICAL'))
    .action(act(host, (run, args) => shown(run, (admin) => admin.books.remove(arg(args, 0), arg(args, 1)))))
  book
    .command('restore <pin> <cid>')
    .description('give a book back')
    .addHelpText('after', examples('book restore 2100AB3F CICAL'))
    .action(act(host, (run, args) => shown(run, (admin) => admin.books.restore(arg(args, 0), arg(args, 1)))))
}

type Session = Parameters<Parameters<Run['admin']>[0]>[0]

async function shown(run: Run, work: (admin: Session) => Promise<BooksView>): Promise<void> {
  const view = await run.admin(work)
  run.print(view, () => describe(run, view))
}

function describe(run: Run, view: BooksView): string {
  const table = run.table<BookView>(
    [
      { title: 'BOOK', value: ({ cid }) => `[${cid}]` },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'STANDS', value: (book) => standing(book, view) },
      { title: 'WHAT FOR', value: ({ description }) => description, flexible: true },
    ],
    view.books,
  )
  const set = view.applied === 0 ? 'It has registered no set yet.' : `It has set ${view.applied}.`
  const waiting = view.waiting ? `\n${describeItem(run, view.waiting)}` : ''
  return `${run.terminal.bold(view.pin)}, ${view.user}. ${set}\n\n${table}${waiting}`
}

function standing({ removed, leftOut }: BookView, { isOwed, waiting }: BooksView): string {
  if (removed) return isOwed ? 'is to be taken away' : 'taken away'
  if (leftOut) return 'left out by the handheld'
  if (!isOwed) return 'registered'
  return !waiting || waiting.state === 'waiting' || waiting.state === 'out' ? 'on its way' : 'not sent'
}
