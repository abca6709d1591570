import { SeededRandom } from '../../support/random.ts'
import { EventLoop } from './event-loop.ts'
import { takeOverGlobals } from './globals.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { VirtualTime } from './virtual-time.ts'

/** Keeps the draws of different purposes apart, so that one more of the one changes none of the other. */
const NETWORK_SALT = 0x5eed_0001
const GLOBALS_SALT = 0x5eed_0002

/** Everything that a run would otherwise get from its machine: time, luck and a network. */
export class World {
  readonly time = new VirtualTime()
  /** That of kprf; the brokers and the network go by {@link time}. */
  readonly loop = new EventLoop(this.time)
  readonly dice: SeededRandom
  readonly network: SimulatedNetwork
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
    this.dice = new SeededRandom(seed)
    this.network = new SimulatedNetwork(this.time, this.loop, new SeededRandom(seed ^ NETWORK_SALT))
  }

  /** Lets `main` happen in this world. Not to be called while another world is running. */
  async run<Result>(main: () => Promise<Result>): Promise<Result> {
    const giveBack = takeOverGlobals(this.loop, new SeededRandom(this.#seed ^ GLOBALS_SALT))
    try {
      return await this.time.run(main)
    } finally {
      giveBack()
    }
  }
}
