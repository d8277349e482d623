// Calls and one-way messages between npm clients: what is carried, and whom it reaches.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { answer } from './support/clients.mjs';
import { MSG_UP } from './support/raw_client.mjs';
import { until } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

describe('an invoke', () => {
  const { clients } = useHub();

  it("carries every field to the callee and the callee's package back", async () => {
    const caller = await clients.hubClient('caller');
    const callee = await clients.hubClient('callee');
    const remote = { processName: 'callee', colour: 'red' };
    const reply = await caller.invoke(remote, 'echo', { data: [1], trace: { id: 'ab' } });
    const host = caller.getLocation();
    assert.deepEqual(reply, {
      host: callee.getLocation(),
      remote: host,
      success: true,
      data: {
        echo: {
          remote,
          action: 'echo',
          broadcast: false,
          data: [1],
          trace: { id: 'ab' },
          host,
          needReply: true,
        },
      },
    });
  });

  it('is spread over all clients that match', async () => {
    const caller = await clients.hubClient('caller');
    const calls = new Map();
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      calls.set(name, 0);
      const client = await clients.hubClient(name);
      await client.publish({ objectName: 'pool' });
      answer(client, 'work', () => calls.set(name, calls.get(name) + 1));
    }
    for (let i = 0; i < 200; ++i) {
      await caller.invoke({ objectName: 'pool' }, 'work', {});
    }
    assert.equal(
      [...calls.values()].reduce((sum, count) => sum + count),
      200,
    );
    for (const [name, count] of calls) {
      assert.ok(count > 0, `${name} got none`); // each is missed by a fair choice once in 10^19 runs
    }
  });
});

describe('a send', () => {
  const { clients } = useHub();

  it('reaches one of the matching clients, or all with multipleSend, and nobody answers', async () => {
    const caller = await clients.hubClient('caller');
    const seen = [];
    for (const name of ['a', 'b']) {
      const client = await clients.hubClient(name);
      await client.publish({ objectName: 'sink' });
      client.on('note', (message) => seen.push([message.data, message.needReply]));
    }
    caller.send({ objectName: 'sink' }, 'note', { data: 'one' });
    caller.multipleSend({ objectName: 'sink' }, 'note', { data: 'all' });
    await until('three notes arrived', () => seen.length >= 3);
    await caller.multipleInvoke({ objectName: 'sink' }, 'echo', {}); // it came behind them
    assert.deepEqual(seen.map(([data]) => data).sort(), ['all', 'all', 'one']);
    assert.ok(seen.every(([, needReply]) => needReply === undefined));
  });

  it('that matches nobody is silent', async () => {
    const caller = await clients.rawOnline('caller');
    caller.send(MSG_UP, {
      remote: { objectName: 'nobody' },
      action: 'note',
      broadcast: false,
      host: caller.location,
    });
    await caller.settled();
    assert.deepEqual(caller.frames, []);
  });
});
