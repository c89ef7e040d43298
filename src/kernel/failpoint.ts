/**
 * A named place where a test may kill the process. Components call the port they were given; only the edge knows
 * whether the name is the one to die at. For tests alone: nothing in production sets one.
 */
export type Failpoint = (name: string) => void

export const noFailpoint: Failpoint = () => {}
