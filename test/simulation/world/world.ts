import { SeededRandom } from '../../support/random.ts'
import { EventLoop } from './event-loop.ts'
import { takeOverGlobals } from './globals.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { VirtualTime } from './virtual-time.ts'

/** Separates the draws for different purposes, so that one more of one kind does not change the others. */
const NETWORK_SALT = 0x5eed_0001
const GLOBALS_SALT = 0x5eed_0002

/** Everything that a run would otherwise get from its machine: time, random numbers and a network. */
export class World {
  readonly time = new VirtualTime()
  /** The event loop of kprf; brokers and network use {@link time}. */
  readonly loop = new EventLoop(this.time)
  readonly dice: SeededRandom
  readonly network: SimulatedNetwork
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
    this.dice = new SeededRandom(seed)
    this.network = new SimulatedNetwork(this.time, this.loop, new SeededRandom(seed ^ NETWORK_SALT))
  }

  /** Runs `main` in this world. Not to be called while another world is running. */
  async run<Result>(main: () => Promise<Result>): Promise<Result> {
    const giveBack = takeOverGlobals(this.loop, new SeededRandom(this.#seed ^ GLOBALS_SALT))
    try {
      return await this.time.run(main)
    } finally {
      giveBack()
    }
  }
}
