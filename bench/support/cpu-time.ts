/** Processor time of a program and of all that it has started, as the kernel counts it (proc(5), /proc/PID/stat). */
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second whatever the machine (USER_HZ). */
const tickMs = 10

interface Process {
  readonly pid: number
  readonly parent: number
  /** Its own, and that of children it has waited for. */
  readonly cpuMs: number
}

/** Milliseconds so far of the tree under each of these processes. */
export function cpuTimes<K extends string>(roots: Readonly<Record<K, number>>): Record<K, number> {
  const processes = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(name) : []))
  const children = Map.groupBy(processes, ({ parent }) => parent)
  const byPid = new Map(processes.map((process) => [process.pid, process]))
  const treeMs = (pid: number): number =>
    (byPid.get(pid)?.cpuMs ?? 0) +
    (children.get(pid) ?? []).reduce((sum, child) => sum + treeMs(child.pid), 0)
  return Object.fromEntries(
    Object.entries<number>(roots).map(([name, pid]) => [name, treeMs(pid)]),
  ) as Record<K, number>
}

/** None where it has ended since the directory was read. */
function readProcess(name: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    // The name of the program stands in brackets, and may hold any character.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [, parent = 0] = fields
    const cpuMs = fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) * tickMs
    return [{ pid: Number(name), parent, cpuMs }]
  } catch {
    return []
  }
}
