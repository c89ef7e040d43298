/** Loaded into a server before anything else: its time is the machine's plus the milliseconds in a file. */
import { readFileSync } from 'node:fs'

const file = process.env.TEST_CLOCK_FILE
const machine = Date.now
if (file) Date.now = () => machine() + Number(readFileSync(file, 'utf8'))
