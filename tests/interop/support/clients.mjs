// Clients of one test, closed together.
import { HubFacade } from './npm.mjs';
import { RawClient } from './raw_client.mjs';

/** The app of every client that says no other. */
export const appName = 'interop';

const quiet = { error() {}, warn() {}, info() {}, log() {} };

export class Clients {
  #close = [];

  /** An npm HubFacade, online as `processName`. */
  async facade(processName, location = {}) {
    const facade = new HubFacade();
    facade.setup({
      location: { appName, processName, pid: String(process.pid), ...location },
      logger: quiet,
    });
    await facade.start();
    this.#close.push(() => facade.getHubClient().getMessengerClient()?.close());
    return facade;
  }

  /** An npm HubClient: a facade without the objects. */
  async hubClient(processName, location) {
    return (await this.facade(processName, location)).getHubClient();
  }

  async raw(options) {
    const client = await RawClient.connect(options);
    this.#close.push(() => client.close());
    return client;
  }

  async rawOnline(processName) {
    const client = await this.raw();
    return client.online({ appName, processName, pid: String(process.pid), clientId: `raw-${processName}` });
  }

  /** Closes what `close` closes too. */
  onClose(close) {
    this.#close.push(close);
  }

  async close() {
    await Promise.all(this.#close.splice(0).map((close) => close()));
  }
}

/** Makes a HubClient answer messages of `action` with the result of `handler`. */
export function answer(hubClient, action, handler) {
  hubClient.pushDispatchHandler({
    dispatch: (message) => (message.action === action ? handler(message) : undefined),
  });
}
