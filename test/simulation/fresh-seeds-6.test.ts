import { testFreshSeeds } from './support/simulated.ts'

testFreshSeeds(50)
