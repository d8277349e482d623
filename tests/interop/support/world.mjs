// What the tests of one `describe` share: a hub that must outlive each of them, and clients closed after each.
import { after, afterEach, before } from 'node:test';

import { appName, Clients } from './clients.mjs';
import { Hub } from './hub.mjs';
import { RawClient } from './raw_client.mjs';
import { until } from './wait.mjs';

/**
 * Call inside `describe`. `hub` runs during every test and is checked after each: the test that made it crash
 * reports it. `clients` are closed after each test, and the next one starts when the hub has noticed.
 */
export function useHub() {
  const hub = new Hub();
  const clients = new Clients();
  before(() => hub.start());
  afterEach(async () => {
    await clients.close();
    hub.assertRunning();
    await noClientsLeft();
  });
  after(() => hub.stop());
  return { hub, clients };
}

async function noClientsLeft() {
  const probe = await RawClient.connect();
  await until('the hub has forgotten the clients of this test', async () => {
    const { error } = await probe.invoke({ appName }, 'nothing', { timeout: 50 });
    return error?.message.startsWith('Cannot found any clients');
  });
  await probe.close();
}
