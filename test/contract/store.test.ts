import { openTestStore } from '../support/store.ts'
import { storeContract } from './store.ts'

storeContract('SQLite in the same thread', async (t) => openTestStore(t, { writer: 'inline' }))
storeContract('SQLite with its writer thread', async (t) => openTestStore(t, { writer: 'thread' }))
