// Seeded randomness for tests: the generator that the simulated world uses.
export { seededRandom } from '../../sim/world/seeded-random.ts'
