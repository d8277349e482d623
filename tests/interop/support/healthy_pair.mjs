// A provider and a consumer that were there before the trouble began, and must not notice it.
import assert from 'node:assert/strict';

import { Clients } from './clients.mjs';
import { within } from './wait.mjs';

const promptly = 10_000; // ms for a round trip that takes one or two, where no machine is so busy

export class HealthyPair {
  #clients = new Clients();
  #connections = 0;
  #value = 0;

  async open() {
    const location = { appName: 'healthy' };
    const provider = await this.#clients.facade('healthy provider', location);
    const consumer = await this.#clients.facade('healthy consumer', location);
    await provider.publish({ double: (value) => 2 * value }, { name: 'healthy' });
    this.proxy = await consumer.getProxy({ name: 'healthy' });
    for (const facade of [provider, consumer]) {
      facade
        .getHubClient()
        .getMessengerClient()
        .on('connect', () => (this.#connections += 1));
    }
  }

  /** Throws unless a call goes through promptly, on the connections that were opened in the beginning. */
  async check() {
    this.#value += 1;
    assert.equal(
      await within('a round trip of the healthy pair', this.proxy.double(this.#value), promptly),
      2 * this.#value,
    );
    assert.equal(this.#connections, 0, 'a healthy client had to reconnect');
  }

  close() {
    return this.#clients.close();
  }
}
