// Many calls at once, and many in a row.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { answer } from './support/clients.mjs';
import { gate } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

describe('calls', () => {
  const { clients } = useHub();

  async function pair(implementation) {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    await provider.publish(implementation, { name: 'worker' });
    return consumer.getProxy({ name: 'worker' });
  }

  it("in parallel are all in the callee's hands at once, and answered in any order", async () => {
    const parallel = 64;
    const gates = Array.from({ length: parallel }, gate);
    let arrived = 0;
    const everybody = gate();
    const proxy = await pair({
      async work(at) {
        arrived += 1;
        if (arrived === parallel) {
          everybody.open();
        }
        await gates[at].opened;
        return at + 1;
      },
    });
    const answered = [];
    const calls = gates.map(async (_, at) => {
      assert.equal(await proxy.work(at), at + 1);
      answered.push(at);
      gates[at - 1]?.open(); // the last is answered first
    });
    await everybody.opened;
    gates.at(-1).open();
    await Promise.all(calls);
    assert.deepEqual(
      answered,
      Array.from({ length: parallel }, (_, at) => parallel - 1 - at),
    );
  });

  it('ten thousand of them, sixteen at a time, get each its own answer', async () => {
    const proxy = await pair({ next: (value) => value + 1 });
    let value = 0;
    async function lane() {
      while (value < 10_000) {
        value += 1;
        const mine = value;
        assert.equal(await proxy.next(mine), mine + 1);
      }
    }
    await Promise.all(Array.from({ length: 16 }, lane));
    assert.equal(value, 10_000);
  });

  it('from many clients to many are never answered to the wrong one', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const hubClients = await Promise.all(names.map((name) => clients.hubClient(name)));
    names.forEach((name, at) => answer(hubClients[at], 'sign', ({ data }) => `${data} by ${name}`));
    const calls = [];
    for (let round = 0; round < 20; ++round) {
      for (const [at, from] of names.entries()) {
        for (const to of names) {
          calls.push(
            hubClients[at]
              .invoke({ processName: to }, 'sign', { data: `${from}${round}` })
              .then(({ data }) => assert.equal(data, `${from}${round} by ${to}`)),
          );
        }
      }
    }
    await Promise.all(calls);
  });

  it('may go in circles: a callee calls its caller before it answers', async () => {
    const ping = await clients.facade('ping');
    const pong = await clients.facade('pong');
    const count = (other) => ({
      down: async (left) => (left === 0 ? 'done' : (await other()).down(left - 1)),
    });
    await ping.publish(
      count(() => ping.getProxy({ name: 'pong' })),
      { name: 'ping' },
    );
    await pong.publish(
      count(() => pong.getProxy({ name: 'ping' })),
      { name: 'pong' },
    );
    assert.equal(await (await ping.getProxy({ name: 'pong' })).down(50), 'done');
  });
});
