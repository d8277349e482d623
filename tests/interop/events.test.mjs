// Events of an object: subscriptions of several consumers, and what each of them is told.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';

import { useHub } from './support/world.mjs';

/** Emits to what subscribed, and counts how often it was asked to. */
class Ticker {
  callbacks = new Map();
  subscribed = [];
  unsubscribed = [];

  subscribe(register, callback) {
    this.subscribed.push(register);
    this.callbacks.set(register, callback);
  }

  unsubscribe(register) {
    this.unsubscribed.push(register);
    this.callbacks.delete(register);
  }

  /** Resolves when every client that listens to this object has handled the event. */
  async emit(register, ...params) {
    await this.callbacks.get(register)?.(...params);
  }
}

describe('an event', () => {
  const { clients } = useHub();
  let ticker, seen;

  const listener =
    (name) =>
    (...params) =>
      seen.push([name, ...params]);

  async function proxyOf(name) {
    return (await clients.facade(name)).getProxy({ name: 'ticker' });
  }

  beforeEach(async () => {
    ticker = new Ticker();
    seen = [];
    await (await clients.facade('provider')).publish(ticker, { name: 'ticker' });
  });

  it('reaches its subscriber with all parameters', async () => {
    const proxy = await proxyOf('one');
    await proxy.subscribe('tick', listener('one'));
    await ticker.emit('tick', 1, 'zwölf ⏰', null, { list: [1, [2]] });
    await ticker.emit('tick');
    assert.deepEqual(seen, [['one', 1, 'zwölf ⏰', null, { list: [1, [2]] }], ['one']]);
  });

  it('reaches every subscriber, while the provider is subscribed to once', async () => {
    for (const name of ['one', 'two', 'three']) {
      await (await proxyOf(name)).subscribe('tick', listener(name));
    }
    await ticker.emit('tick', 7);
    assert.deepEqual(seen.sort(), [
      ['one', 7],
      ['three', 7],
      ['two', 7],
    ]);
    assert.deepEqual(ticker.subscribed, ['tick']);
  });

  it('reaches all listeners of one consumer', async () => {
    const proxy = await proxyOf('one');
    await proxy.subscribe('tick', listener('first'));
    await proxy.subscribe('tick', listener('second'));
    await ticker.emit('tick');
    assert.deepEqual(seen, [['first'], ['second']]);
  });

  it('reaches only those who subscribed to its name', async () => {
    await (await proxyOf('one')).subscribe('tick', listener('one'));
    await (await proxyOf('two')).subscribe('tock', listener('two'));
    await ticker.emit('tick');
    await ticker.emit('tock');
    assert.deepEqual(seen, [['one'], ['two']]);
  });

  it('no longer reaches a consumer that unsubscribed', async () => {
    const one = await proxyOf('one');
    const two = await proxyOf('two');
    await one.subscribe('tick', listener('one'));
    await two.subscribe('tick', listener('two'));
    await one.unsubscribe('tick');
    await ticker.emit('tick', 1);
    assert.deepEqual(seen, [['two', 1]]);
    assert.deepEqual(ticker.unsubscribed, []);
    await two.unsubscribe('tick');
    assert.deepEqual(ticker.unsubscribed, ['tick']);
    assert.equal(ticker.callbacks.size, 0);
  });

  it('reaches the listener that is left when another of the same consumer unsubscribed', async () => {
    const proxy = await proxyOf('one');
    const gone = listener('gone');
    await proxy.subscribe('tick', gone);
    await proxy.subscribe('tick', listener('left'));
    await proxy.unsubscribe('tick', gone);
    await ticker.emit('tick');
    assert.deepEqual(seen, [['left']]);
    assert.deepEqual(ticker.unsubscribed, []);
  });

  it('arrives in the order of its emission', async () => {
    await (await proxyOf('one')).subscribe('tick', listener('one'));
    const numbers = Array.from({ length: 100 }, (_, at) => at);
    await Promise.all(numbers.map((number) => ticker.emit('tick', number)));
    assert.deepEqual(
      seen.map(([, number]) => number),
      numbers,
    );
  });

  it('emitted after its only subscriber has left does no harm', async () => {
    const proxy = await proxyOf('one');
    await proxy.subscribe('tick', listener('one'));
    const emit = ticker.callbacks.get('tick');
    await proxy.unsubscribe('tick');
    await emit('late');
    assert.deepEqual(seen, []);
  });
});
