// Objects published by one npm client and used by another through its proxy.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';

import { useHub } from './support/world.mjs';

class Calculator {
  constructor() {
    this.unit = 'metre';
    this.zero = 0;
    this.constants = { pi: 3.14, names: ['pi'] };
  }
  add(a, b) {
    return a + b;
  }
  async addLater(a, b) {
    await null;
    return a + b;
  }
  whoami() {
    return this instanceof Calculator;
  }
  echo(...params) {
    return { params };
  }
  give(kind) {
    return { zero: 0, no: false, empty: '', nothing: null, undefined, list: [] }[kind];
  }
  fail() {
    throw Object.assign(new TypeError('bad thing'), { code: 'E_BAD', detail: { at: 3 } });
  }
  async failLater() {
    await null;
    throw new Error('bad later');
  }
  *steps() {}
}

async function rejection(promise) {
  return promise.then(
    () => assert.fail('resolved'),
    (error) => error,
  );
}

describe('an object', () => {
  const { clients } = useHub();
  let provider, consumer, proxy;

  beforeEach(async () => {
    provider = await clients.facade('provider');
    consumer = await clients.facade('consumer');
    await provider.publish(new Calculator(), { name: 'calculator' });
    proxy = await consumer.getProxy({ name: 'calculator' });
  });

  it('is introspected with its methods, their arity and kind, and its properties', async () => {
    const { methods, properties } = await consumer.getConsumer({ name: 'calculator' }).introspect();
    const byName = (list) => Object.fromEntries(list.map(({ name, ...rest }) => [name, rest]));
    assert.deepEqual(byName(methods).add, { length: 2, type: 'function' });
    assert.deepEqual(byName(methods).echo, { length: 0, type: 'function' });
    assert.deepEqual(byName(methods).steps, { length: 0, type: 'generator' });
    assert.deepEqual(byName(properties), {
      unit: { type: 'string' },
      zero: { type: 'number' },
      constants: { type: 'object' },
    });
  });

  it('runs synchronous and asynchronous methods with this bound', async () => {
    assert.equal(await proxy.add(2, 3), 5);
    assert.equal(await proxy.addLater(20, 3), 23);
    assert.equal(await proxy.whoami(), true);
  });

  it('receives parameters of every JSON kind as they were', async () => {
    const params = [
      1.5,
      -0.25,
      1e300,
      'text',
      '',
      true,
      false,
      null,
      [[], {}],
      { nested: { deep: [1, { x: null }] } },
    ];
    assert.deepEqual(await proxy.echo(...params), { params });
  });

  it('hands a thrown error over as a plain object with its own properties', async () => {
    const error = await rejection(proxy.fail());
    assert.equal(error instanceof Error, false);
    assert.equal(error.message, 'bad thing');
    assert.match(error.stack, /^TypeError: bad thing\n/);
    assert.equal(error.code, 'E_BAD');
    assert.deepEqual(error.detail, { at: 3 });
    assert.equal('name' in error, false);
    assert.equal((await rejection(proxy.failLater())).message, 'bad later');
  });

  it('has its properties read by getProperty', async () => {
    assert.equal(await proxy.getProperty('unit'), 'metre');
    assert.deepEqual(await proxy.getProperty('constants'), { pi: 3.14, names: ['pi'] });
    assert.throws(() => proxy.unit, /await proxy\.getProperty/);
  });

  it('loses falsy results and properties, as the npm callee does', async () => {
    for (const kind of ['zero', 'no', 'empty', 'nothing', 'undefined']) {
      assert.equal(await proxy.give(kind), undefined, kind);
    }
    assert.deepEqual(await proxy.give('list'), []);
    assert.equal(await proxy.getProperty('zero'), undefined);
  });

  it('answers a call of a method it has not with an error that names both', async () => {
    const error = await rejection(consumer.getConsumer({ name: 'calculator' }).invoke('divide', [1, 2]));
    assert.equal(error.message, 'Cannot found method called divide within object {"name":"calculator"}');
  });

  it('is gone once it is unpublished', async () => {
    await provider.getHubClient().unpublish({ objectName: 'calculator' });
    const error = await rejection(proxy.add(1, 1));
    assert.equal(error.message, 'Cannot found any clients by selector: {"objectName":"calculator"}');
  });

  it('may be published again after it was unpublished', async () => {
    await provider.getHubClient().unpublish({ objectName: 'calculator' });
    await provider
      .getHubClient()
      .publish({ ...provider.getHubClient().getLocation(), objectName: 'calculator' });
    assert.equal(await proxy.add(4, 4), 8);
  });

  it('keeps being served by others when one of its providers withdraws it', async () => {
    const second = await clients.facade('second');
    await second.publish({ add: () => 'second' }, { name: 'calculator' });
    await provider.getHubClient().unpublish({ objectName: 'calculator' });
    for (let i = 0; i < 20; ++i) {
      assert.equal(await proxy.add(1, 1), 'second');
    }
  });

  it('can be called by the client that published it', async () => {
    const own = await provider.getProxy({ name: 'calculator' });
    assert.equal(await own.add(5, 6), 11);
  });
});

describe('a tagged object', () => {
  const { clients } = useHub();

  it('is found by its name and tag', async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    await provider.publish({ version: () => 'two' }, { name: 'service', tag: 'v2' });
    const proxy = await consumer.getProxy({ name: 'service', tag: 'v2' });
    assert.equal(await proxy.version(), 'two');
  });

  it('is served by the untagged one of that name where the callee has no such tag', async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    await provider.publish({ version: () => 'untagged' }, { name: 'service' });
    assert.equal(
      await consumer.getConsumer({ name: 'service', tag: 'v9' }).invoke('version', []),
      'untagged',
    );
  });

  it('is routed to, but not found by the callee, when the consumer names no tag', async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    await provider.publish({ version: () => 'two' }, { name: 'service', tag: 'v2' });
    const error = await rejection(consumer.getConsumer({ name: 'service' }).invoke('version', []));
    assert.match(error.message, /^Cannot read properties of undefined/);
  });
});
