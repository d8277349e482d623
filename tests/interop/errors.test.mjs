// What a caller is told when its callee dies or does not answer in time.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { answer } from './support/clients.mjs';
import { Child } from './support/process.mjs';
import { call, MSG_DOWN, MSG_UP } from './support/raw_client.mjs';
import { pandoraOnly } from './support/target.mjs';
import { until } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

const promptly = 4_500; // ms; a caller that is not told waits for 5 s or more

async function timed(promise) {
  const start = performance.now();
  const outcome = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  return { ...outcome, ms: performance.now() - start };
}

function assertPeerGone(error) {
  assert.equal(error.name, 'PandoraPeerGoneError');
  assert.ok(error.message.length > 0);
  assert.equal(typeof error.stack, 'string');
}

describe('a callee that is killed', pandoraOnly, () => {
  const { clients } = useHub();
  let victim;

  beforeEach(async () => {
    victim = new Child([process.execPath, fileURLToPath(new URL('support/callee.mjs', import.meta.url))]);
    clients.onClose(() => victim.end('SIGKILL'));
    const probe = await clients.hubClient('probe');
    await until(
      'the victim is there',
      async () => (await probe.invoke({ objectName: 'victim' }, 'echo', {})).success,
    );
  });

  it('in the middle of a call has the caller told at once', async () => {
    const consumer = await clients.facade('consumer');
    const proxy = await consumer.getProxy({ name: 'victim' });
    assert.equal(await proxy.ping(), 'pong');
    const calls = Array.from({ length: 20 }, () => timed(proxy.hang()));
    assert.equal(await proxy.ping(), 'pong'); // it came behind the others: they have been delivered
    await victim.end('SIGKILL');
    for (const { error, ms } of await Promise.all(calls)) {
      assertPeerGone(error);
      assert.ok(ms < promptly, `${ms} ms`);
    }
  });

  it('spoils only its own entry of a multiple invoke', async () => {
    const caller = await clients.hubClient('caller');
    const other = await clients.hubClient('other');
    await other.publish({ objectName: 'victim' });
    answer(other, 'OBJECT_ACTION_INVOKE', () => 'alive');
    const gathered = timed(
      caller.multipleInvoke({ objectName: 'victim' }, 'OBJECT_ACTION_INVOKE', {
        propertyName: 'hang',
        data: [],
      }),
    );
    await caller.invoke({ processName: 'victim' }, 'echo', {}); // delivered behind it
    await victim.end('SIGKILL');
    const { value, ms } = await gathered;
    assert.ok(ms < promptly, `${ms} ms`);
    assert.deepEqual(
      value.map(({ success }) => success),
      [true, false],
    );
    assert.equal(value[0].data, 'alive');
    assertPeerGone(value[1].error);
  });

  it('is not called any more', async () => {
    const caller = await clients.hubClient('caller');
    const hanging = caller.invoke({ objectName: 'victim' }, 'OBJECT_ACTION_INVOKE', {
      propertyName: 'hang',
      data: [],
    });
    await caller.invoke({ processName: 'victim' }, 'echo', {});
    await victim.end('SIGKILL');
    assertPeerGone((await hanging).error);
    const reply = await caller.invoke({ objectName: 'victim' }, 'echo', {});
    assert.match(reply.error.message, /^Cannot found any clients by selector/);
  });
});

describe('a callee that leaves', () => {
  const { clients } = useHub();

  it('by closing its connection has the caller told at once', pandoraOnly, async () => {
    const caller = await clients.hubClient('caller');
    const leaver = await clients.rawOnline('leaver');
    const called = timed(caller.invoke({ processName: 'leaver' }, 'work', {}));
    await leaver.next(MSG_DOWN);
    await leaver.close();
    const { value, ms } = await called;
    assert.equal(value.success, false);
    assertPeerGone(value.error);
    assert.ok(ms < promptly, `${ms} ms`);
  });

  it('right after it answered is still heard', async () => {
    const caller = await clients.hubClient('caller');
    for (let i = 0; i < 20; ++i) {
      const leaver = await clients.rawOnline(`leaver${i}`);
      const called = caller.invoke({ processName: `leaver${i}` }, 'work', {});
      const down = await leaver.next(MSG_DOWN);
      leaver.reply(down, { success: true, data: i + 1 });
      leaver.socket.end();
      assert.equal((await called).data, i + 1);
    }
  });
});

describe('a callee that does not answer', () => {
  const { clients } = useHub();

  async function pair() {
    return [await clients.rawOnline('caller'), await clients.rawOnline('mute')];
  }

  const mute = { processName: 'mute' };

  it("fails the call at the message's own timeout", async () => {
    const [caller] = await pair();
    const { value, ms } = await timed(caller.invoke(mute, 'work', { timeout: 150 }));
    assert.equal(value.success, false);
    assert.equal(value.error.name, 'MessengerRequestTimeoutError');
    assert.equal(value.error.message, 'target no response in 150ms');
    assert.ok(ms >= 140 && ms < promptly, `${ms} ms`);
  });

  it('fails a call that names no timeout after 5 s', pandoraOnly, async () => {
    const [caller] = await pair();
    const { value, ms } = await timed(caller.invoke(mute, 'work'));
    assert.equal(value.error.name, 'MessengerRequestTimeoutError');
    assert.equal(value.error.message, 'target no response in 5000ms');
    assert.ok(ms >= 4_900 && ms < 5_000 + promptly, `${ms} ms`);
  });

  it('fails the call of an npm caller, whose own timer and the hub race for it', async () => {
    await pair();
    const consumer = await clients.hubClient('consumer');
    for (let i = 0; i < 20; ++i) {
      const { error, value, ms } = await timed(consumer.invoke(mute, 'work', { timeout: 20 }));
      assert.equal((error ?? value.error).name, 'MessengerRequestTimeoutError');
      assert.equal((error ?? value.error).message, 'target no response in 20ms');
      assert.ok(ms < promptly, `${ms} ms`);
    }
  });

  it('may answer too late, twice, or what nobody asked: a call has one answer', async () => {
    const [caller, callee] = await pair();
    const late = caller.invoke(mute, 'late', { timeout: 50 });
    const lateDown = await callee.next(MSG_DOWN);
    assert.equal((await late).success, false);
    callee.reply(lateDown, { success: true, data: 'too late' });

    const asked = caller.send(MSG_UP, call(caller.location, mute, 'twice'));
    const down = await callee.next(MSG_DOWN);
    callee.reply({ id: down.id + 1000 }, { success: true, data: 'forged' });
    callee.reply(down, { success: true, data: 'first' });
    callee.reply(down, { success: true, data: 'second' });
    assert.equal((await caller.answerTo(asked)).body.data.data, 'first');
    await callee.settled();
    await caller.settled();
    assert.deepEqual(caller.frames, []);
  });

  it('cannot be answered for by another client', async () => {
    const [caller, callee] = await pair();
    const forger = await clients.rawOnline('forger');
    const asked = caller.send(MSG_UP, call(caller.location, mute, 'work'));
    const down = await callee.next(MSG_DOWN);
    forger.reply(down, { success: true, data: 'forged' });
    await forger.digested();
    callee.reply(down, { success: true, data: 'genuine' });
    assert.equal((await caller.answerTo(asked)).body.data.data, 'genuine');
  });

  it('does not cost a multiple invoke the answers of the others', pandoraOnly, async () => {
    await pair();
    const caller = await clients.hubClient('gatherer');
    for (const name of ['a', 'b']) {
      await clients.hubClient(name);
    }
    const replies = await caller.multipleInvoke({ appName: 'interop' }, 'echo', { timeout: 4_000 });
    const failed = replies.filter(({ success }) => !success);
    assert.equal(replies.length, 5);
    assert.deepEqual(
      failed.map(({ error }) => error.name),
      Array(2).fill('MessengerRequestTimeoutError'),
    );
  });
});
