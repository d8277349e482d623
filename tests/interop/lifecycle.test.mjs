// Coming, going, and coming back after the hub was killed.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { answer, Clients } from './support/clients.mjs';
import { Hub } from './support/hub.mjs';
import { socketPath } from './support/npm.mjs';
import { Child } from './support/process.mjs';
import { hubCommand, pandoraOnly } from './support/target.mjs';
import { until, within } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

describe('a client', () => {
  const { clients } = useHub();

  it('that stopped is no longer called', async () => {
    const caller = await clients.hubClient('caller');
    const leaver = await clients.hubClient('leaver');
    assert.equal((await caller.invoke({ processName: 'leaver' }, 'echo', {})).success, true);
    await leaver.stop();
    assert.equal((await caller.invoke({ processName: 'leaver' }, 'echo', {})).success, false);
    assert.equal(leaver.isReady(), false);
  });

  it('may stop and start again, and is known by its location once more', async () => {
    const caller = await clients.hubClient('caller');
    const facade = await clients.facade('phoenix');
    await facade.stop();
    await facade.start();
    assert.equal((await caller.invoke({ processName: 'phoenix' }, 'echo', {})).success, true);
  });

  it('whose connection just breaks is no longer called', async () => {
    const caller = await clients.hubClient('caller');
    const breaker = await clients.rawOnline('breaker');
    await breaker.close();
    await until('the hub has noticed', async () => {
      const { error } = await caller.invoke({ processName: 'breaker' }, 'echo', { timeout: 200 });
      return error?.message.startsWith('Cannot found any clients');
    });
  });
});

describe('a hub that is restarted', () => {
  let hub, clients;

  beforeEach(async () => {
    hub = new Hub();
    clients = new Clients();
    await hub.start();
  });
  afterEach(async () => {
    await clients.close();
    await hub.stop();
  });

  const messenger = (hubClient) => hubClient.getMessengerClient();

  async function killHub(...witnesses) {
    await hub.kill();
    await until('the clients have noticed', () => witnesses.every((client) => !messenger(client).isOK));
  }

  it('gets its clients and their objects back', async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    await provider.publish({ add: (a, b) => a + b }, { name: 'adder' });
    const adder = await consumer.getProxy({ name: 'adder' });
    assert.equal(await adder.add(1, 2), 3);
    for (const round of [1, 2]) {
      await killHub(provider.getHubClient(), consumer.getHubClient());
      await hub.start();
      const sum = await until('a call works again', () => adder.add(round, 10).catch(() => undefined));
      assert.equal(sum, round + 10);
    }
  });

  it('serves what a client queued while it was down, before that client is online', async () => {
    const client = await clients.hubClient('alone');
    await killHub(client);
    const anyConnection = {}; // of which there will be one
    const queued = client.invoke(anyConnection, 'echo', { data: 'queued' });
    await hub.start();
    assert.equal((await within('the queued call', queued)).data.echo.data, 'queued');
    await until(
      'the client is online',
      async () => (await client.invoke({ processName: 'alone' }, 'echo', {})).success,
    );
  });

  it('delivers events to those who subscribed before', async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    let emit;
    const seen = [];
    await provider.publish(
      { subscribe: (_, callback) => (emit = callback), unsubscribe() {} },
      { name: 'bell' },
    );
    await (await consumer.getProxy({ name: 'bell' })).subscribe('ring', (value) => seen.push(value));
    await killHub(provider.getHubClient(), consumer.getHubClient());
    await hub.start();
    await until('the event arrives', async () => {
      await emit('again').catch(() => undefined); // one sent too early is lost
      return seen.length > 0;
    });
    assert.equal(seen[0], 'again');
  });

  it('starts over the socket file that a killed one left behind', async () => {
    await hub.kill();
    assert.ok(existsSync(socketPath));
    await hub.start();
    const client = await clients.hubClient('client');
    assert.equal((await client.invoke({ processName: 'client' }, 'echo', {})).success, true);
  });
});

describe('a hub that is asked to stop', () => {
  const clients = new Clients();
  afterEach(() => clients.close());

  it('ends with success and takes its socket file with it', pandoraOnly, async () => {
    const hub = new Hub();
    await hub.start();
    await clients.raw();
    assert.deepEqual(await hub.stop(), { code: 0, signal: null });
    assert.equal(existsSync(socketPath), false);
  });

  it('leaves its clients unable to start', async () => {
    await assert.rejects(clients.facade('early'), ({ code }) => code === 'ENOENT' || code === 'ECONNREFUSED');
  });
});

describe('a second hub on the same socket', () => {
  const { clients, hub } = useHub();

  it('refuses to start, names the socket, and leaves the first one alone', pandoraOnly, async () => {
    const client = await clients.hubClient('client');
    answer(client, 'who', () => 'first');
    const second = new Child(hubCommand(socketPath));
    const { code } = await within('the end of the second hub', second.exited);
    assert.ok(code > 0);
    assert.ok(second.output.includes(socketPath), second.output);
    hub.assertRunning();
    assert.equal((await client.invoke({ processName: 'client' }, 'who', {})).data, 'first');
    const late = await clients.hubClient('late');
    assert.equal((await late.invoke({ processName: 'client' }, 'who', {})).data, 'first');
  });
});
