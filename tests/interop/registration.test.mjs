// What a connection tells the hub of itself: location and selectors, and taking them back.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { appName } from './support/clients.mjs';
import { MSG_DOWN, OFFLINE, ONLINE, PUBLISH, UNPUBLISH } from './support/raw_client.mjs';
import { useHub } from './support/world.mjs';

describe('a registration', () => {
  const { clients } = useHub();

  it('is always answered, also without needReply', async () => {
    const client = await clients.raw();
    const host = { appName, processName: 'raw' };
    assert.deepEqual(await client.request(ONLINE, { host }), { success: true });
    assert.deepEqual(await client.request(PUBLISH, { data: { selector: { objectName: 'o' } }, host }), {
      success: true,
    });
    assert.deepEqual(await client.request(UNPUBLISH, { data: { selector: { objectName: 'o' } }, host }), {
      success: true,
    });
    assert.deepEqual(await client.request(OFFLINE, { host }), { success: true });
    assert.deepEqual(await client.request(OFFLINE, { host }), { success: true });
  });

  it('without a location or selector is refused, and says so', async () => {
    const client = await clients.raw();
    for (const [action, data] of [
      [ONLINE, { host: null }],
      [PUBLISH, { data: { selector: null } }],
    ]) {
      const reply = await client.request(action, data);
      assert.equal(reply.success, false);
      assert.equal(reply.error.message, 'Selector is required, but got null');
    }
  });

  it('may be withdrawn although it was never made, but not from a connection that has none', async () => {
    const client = await clients.rawOnline('client');
    const withdrawal = { data: { selector: { objectName: 'unknown' } }, host: client.location };
    assert.deepEqual(await client.request(UNPUBLISH, withdrawal), { success: true });
    await client.request(OFFLINE, { host: client.location });
    const reply = await client.request(UNPUBLISH, withdrawal);
    assert.equal(reply.success, false);
    assert.equal(reply.error.message, 'Can not found client when forgetRelation()');
  });

  it('may follow an OFFLINE on the same connection', async () => {
    const caller = await clients.hubClient('caller');
    const client = await clients.rawOnline('client');
    await client.request(OFFLINE, { host: client.location });
    assert.equal((await caller.invoke({ processName: 'client' }, 'work', {})).success, false);
    await client.publish({ objectName: 'again' });
    const reply = caller.invoke({ objectName: 'again' }, 'work', {});
    client.reply(await client.next(MSG_DOWN), { success: true, data: 'back' });
    assert.equal((await reply).data, 'back');
  });
});
