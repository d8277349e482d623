// One message to many: gathered replies, and the low-level broadcast to every connection.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { answer } from './support/clients.mjs';
import { call, MSG_DOWN, MSG_UP, OFFLINE } from './support/raw_client.mjs';
import { useHub } from './support/world.mjs';

describe('a multiple invoke', () => {
  const { clients } = useHub();

  it('gathers one package from every client that matches', async () => {
    const caller = await clients.hubClient('caller');
    for (const name of ['a', 'b', 'c']) {
      const client = await clients.hubClient(name);
      await client.publish({ objectName: 'group' });
      answer(client, 'who', () => name);
    }
    const replies = await caller.multipleInvoke({ objectName: 'group' }, 'who', {});
    assert.deepEqual(replies.map(({ data }) => data).sort(), ['a', 'b', 'c']);
    for (const { success, host, remote, data } of replies) {
      assert.equal(success, true);
      assert.equal(host.processName, data);
      assert.deepEqual(remote, caller.getLocation());
    }
  });

  it('lists the replies in the order in which they arrived', async () => {
    const caller = await clients.rawOnline('caller');
    const callees = [];
    for (const name of ['a', 'b', 'c']) {
      callees.push(await clients.rawOnline(name));
      await callees.at(-1).publish({ objectName: 'group' });
    }
    const asked = caller.send(
      MSG_UP,
      call(caller.location, { objectName: 'group' }, 'who', { broadcast: true }),
    );
    const downs = await Promise.all(callees.map((callee) => callee.next(MSG_DOWN)));
    for (const at of [2, 0, 1]) {
      callees[at].reply(downs[at], { host: callees[at].location, success: true, data: at });
      await callees[at].settled();
    }
    const { success, remote, batchReply } = (await caller.answerTo(asked)).body.data;
    assert.equal(success, true);
    assert.deepEqual(remote, caller.location);
    assert.deepEqual(
      batchReply.map(({ data }) => data),
      [2, 0, 1],
    );
  });

  it('succeeds as a whole even if every callee failed', async () => {
    const caller = await clients.hubClient('caller');
    for (const name of ['a', 'b']) {
      const client = await clients.hubClient(name);
      await client.publish({ objectName: 'group' });
      answer(client, 'work', () => {
        throw new Error(`${name} cannot`);
      });
    }
    const replies = await caller.multipleInvoke({ objectName: 'group' }, 'work', {});
    assert.deepEqual(
      replies.map(({ success }) => success),
      [false, false],
    );
    assert.deepEqual(replies.map(({ error }) => error.message).sort(), ['a cannot', 'b cannot']);
  });

  it('reaches a client once, however many of its selectors match', async () => {
    const caller = await clients.hubClient('caller');
    const client = await clients.hubClient('worker');
    await client.publish({ ...client.getLocation(), objectName: 'first' });
    await client.publish({ ...client.getLocation(), objectName: 'second' });
    assert.equal((await caller.multipleInvoke({ processName: 'worker' }, 'echo', {})).length, 1);
  });

  it('reaches its sender, too, if that matches', async () => {
    const caller = await clients.hubClient('caller');
    const other = await clients.hubClient('other');
    const replies = await caller.multipleInvoke({ appName: 'interop' }, 'echo', {});
    const expected = [caller, other].map((client) => client.getLocation().clientId).sort();
    assert.deepEqual(replies.map(({ host }) => host.clientId).sort(), expected);
  });

  it('that matches nobody resolves with undefined', async () => {
    const caller = await clients.hubClient('caller');
    assert.equal(await caller.multipleInvoke({ objectName: 'nobody' }, 'who', {}), undefined);
  });

  it('calls a method of an object on every provider, narrowed by more of a location if asked', async () => {
    const consumer = await clients.facade('consumer');
    for (const name of ['a', 'b']) {
      const provider = await clients.facade(name);
      await provider.publish({ who: () => name }, { name: 'twin' });
    }
    const twin = consumer.getConsumer({ name: 'twin' });
    const names = (replies) => replies.map(({ data }) => data).sort();
    assert.deepEqual(names(await twin.multipleInvoke('who', [])), ['a', 'b']);
    assert.deepEqual(names(await twin.multipleInvoke('who', [], { processName: 'b' })), ['b']);
  });
});

describe('a broadcast without a selector', () => {
  const { clients } = useHub();

  async function everyKind() {
    const caller = await clients.rawOnline('caller');
    const online = await clients.rawOnline('online');
    const stranger = await clients.raw();
    await stranger.settled();
    const offline = await clients.rawOnline('offline');
    assert.deepEqual(await offline.request(OFFLINE, { host: offline.location, needReply: true }), {
      success: true,
    });
    return { caller, connections: [caller, online, stranger, offline] };
  }

  it('reaches every connection: its sender, strangers and those offline', async () => {
    const { caller, connections } = await everyKind();
    const message = { remote: null, action: 'news', broadcast: true, data: { at: 1 }, host: caller.location };
    caller.send(MSG_UP, message);
    for (const connection of connections) {
      assert.deepEqual((await connection.next(MSG_DOWN)).body.data, message);
    }
  });

  it('is confirmed at once, and what the clients answer is discarded', async () => {
    const { caller, connections } = await everyKind();
    const asked = caller.send(MSG_UP, call(caller.location, null, 'news', { broadcast: true }));
    assert.deepEqual((await caller.answerTo(asked)).body.data, { success: true });
    for (const connection of connections) {
      connection.reply(await connection.next(MSG_DOWN), { host: connection.location, success: true });
      await connection.settled();
    }
    assert.deepEqual(caller.frames, []);
  });

  it('resolves with undefined at an npm caller', async () => {
    const caller = await clients.hubClient('caller');
    assert.equal(await caller.multipleInvoke(null, 'news', {}), undefined);
  });
});
