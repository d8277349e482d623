// Whom a selector picks: its fields, wildcards and oddities.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { answer, appName } from './support/clients.mjs';
import { MSG_DOWN } from './support/raw_client.mjs';
import { useHub } from './support/world.mjs';

const noRoute = (remote) => `Cannot found any clients by selector: ${JSON.stringify(remote)}`;

describe('a selector', () => {
  const { clients } = useHub();

  async function worker(name, location) {
    const client = await clients.hubClient(name, location);
    answer(client, 'who', () => name);
    return client;
  }

  async function who(caller, remote) {
    const reply = await caller.invoke(remote, 'who', {});
    return reply.success ? reply.data : reply.error.message;
  }

  it('picks a client by any one field of its location, or by several that all hold', async () => {
    const caller = await clients.hubClient('caller');
    const one = await worker('one', { pid: '101' });
    await worker('two', { pid: '102' });
    const { clientId } = one.getLocation();
    for (const remote of [
      { processName: 'one' },
      { pid: '101' },
      { clientId },
      { processName: 'one', pid: '101', appName, clientId },
    ]) {
      assert.equal(await who(caller, remote), 'one', JSON.stringify(remote));
    }
    const contradiction = { processName: 'one', pid: '102' };
    assert.equal(await who(caller, contradiction), noRoute(contradiction));
  });

  it('picks a client by any one of the selectors it published', async () => {
    const caller = await clients.hubClient('caller');
    const client = await worker('one');
    await client.publish({ objectName: 'first' });
    await client.publish({ objectName: 'second', processName: 'alias' });
    for (const remote of [
      { objectName: 'first' },
      { processName: 'alias' },
      { objectName: 'second' },
      { processName: 'one' },
    ]) {
      assert.equal(await who(caller, remote), 'one', JSON.stringify(remote));
    }
    const acrossTwo = { objectName: 'first', processName: 'alias' };
    assert.equal(await who(caller, acrossTwo), noRoute(acrossTwo));
  });

  it('takes empty, zero and null fields for wildcards', async () => {
    const caller = await clients.hubClient('caller');
    await worker('one');
    assert.equal(
      await who(caller, { processName: 'one', pid: '', objectName: null, clientId: 0, appName: false }),
      'one',
    );
  });

  it('with no known field matches every connection: also the sender, and a stranger', async () => {
    const caller = await clients.hubClient('caller');
    await clients.hubClient('other');
    const stranger = await clients.raw();
    for (const remote of [{}, { colour: 'red' }]) {
      const gathered = caller.multipleInvoke(remote, 'echo', {});
      stranger.reply(await stranger.next(MSG_DOWN), {
        host: { processName: 'stranger' },
        success: true,
      });
      const replies = await gathered;
      assert.deepEqual(replies.map(({ host }) => host.processName).sort(), ['caller', 'other', 'stranger']);
    }
  });

  it('compares without conversion: the number 2 is not the string "2"', async () => {
    const caller = await clients.hubClient('caller');
    await worker('one', { pid: '2' });
    await worker('two', { pid: 3 });
    assert.equal(await who(caller, { pid: '2' }), 'one');
    assert.equal(await who(caller, { pid: 2 }), noRoute({ pid: 2 }));
    assert.equal(await who(caller, { pid: 3 }), 'two');
    assert.equal(await who(caller, { pid: '3' }), noRoute({ pid: '3' }));
  });

  it('is not narrowed by objectTag, and matches nothing by tag', async () => {
    const caller = await clients.hubClient('caller');
    const client = await worker('one');
    await client.publish({ objectName: 'thing', objectTag: 'blue' });
    assert.equal(await who(caller, { objectName: 'thing', objectTag: 'green' }), 'one');
    assert.equal(
      await who(caller, { objectName: 'thing', tag: 'blue' }),
      noRoute({ objectName: 'thing', tag: 'blue' }),
    );
  });

  it('that matches nobody is answered with its own text', async () => {
    const caller = await clients.hubClient('caller');
    for (const remote of [
      { objectName: 'nobody' },
      { processName: 'naïve "quoted" \\ 名前', pid: '1' },
      { objectName: 'a', extra: [1, { b: null }] },
    ]) {
      const reply = await caller.invoke(remote, 'who', {});
      assert.equal(reply.success, false);
      assert.equal(reply.error.message, noRoute(remote));
      assert.equal(typeof reply.error.stack, 'string');
    }
  });

  it('that is null fails the call', async () => {
    const caller = await clients.hubClient('caller');
    const reply = await caller.invoke(null, 'who', {});
    assert.equal(reply.success, false);
    assert.equal(typeof reply.error.message, 'string');
  });

  it('may be overridden by the message itself, as may the action', async () => {
    const caller = await clients.hubClient('caller');
    await worker('one');
    const reply = await caller.invoke({ processName: 'nobody' }, 'ignored', {
      remote: { processName: 'one' },
      action: 'who',
    });
    assert.equal(reply.data, 'one');
  });

  it('no longer picks a client that unpublished it', async () => {
    const caller = await clients.hubClient('caller');
    const client = await worker('one');
    await client.publish({ objectName: 'first' });
    await client.publish({ objectName: 'second' });
    await client.unpublish({ objectName: 'first' });
    assert.equal(await who(caller, { objectName: 'first' }), noRoute({ objectName: 'first' }));
    assert.equal(await who(caller, { objectName: 'second' }), 'one');
    assert.equal(await who(caller, { processName: 'one' }), 'one');
  });
});
