// The config manager as the npm package's ConfigClient, and whoever gets a proxy of it, sees it.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';

import { socketPath } from './support/npm.mjs';
import { Child } from './support/process.mjs';
import { isReference, pandora, pandoraOnly } from './support/target.mjs';
import { until, within } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

const name = '__PANDORA_HUB_CONFIG_MANAGER';

/** Absent values are `undefined` from the npm hub and `null` from pandora. */
const orNull = (value) => value ?? null;

let tests = 0;
let prefix;

/** A topic of the present test: the manager keeps those of the others. */
const topic = (rest) => `${prefix}${rest}`;

function useManager() {
  const { clients } = useHub();

  beforeEach(async () => {
    prefix = `test-${++tests}.`;
    if (isReference) {
      await (await clients.facade('supervisor')).initConfigManager();
    }
  });

  return {
    clients,
    proxy: async (of = 'operator') => (await clients.facade(of)).getProxy({ name }),

    async configClient(of) {
      const facade = await clients.facade(of);
      await facade.initConfigClient();
      return facade.getConfigClient();
    },
  };
}

describe('the config manager', () => {
  const { clients, proxy, configClient } = useManager();

  it('has the methods of the npm package', async () => {
    const manager = await proxy();
    for (const method of ['getConfig', 'publish', 'getAllTopics', 'getAllSubscribedTopics']) {
      assert.equal(typeof manager[method], 'function', method);
    }
  });

  it('gives each topic the value that was published last', async () => {
    const manager = await proxy();
    await manager.publish(topic('port'), 1);
    await manager.publish(topic('port'), { list: [1, [2]], text: 'zwölf ⏰' });
    await manager.publish(topic('on'), true);
    const reader = await configClient('reader');
    assert.deepEqual(await reader.getConfig(topic('port')), { list: [1, [2]], text: 'zwölf ⏰' });
    assert.equal(await reader.getConfig(topic('on')), true);
    assert.equal(orNull(await reader.getConfig(topic('none'))), null);
  });

  it('gives everything to who asks for no topic', async () => {
    const manager = await proxy();
    await manager.publish(topic('a'), 1);
    await manager.publish(topic('b'), [2]);
    const all = await (await configClient('reader')).getConfig();
    assert.equal(all[topic('a')], 1);
    assert.deepEqual(all[topic('b')], [2]);
  });

  it('lists the topics that begin with a prefix', async () => {
    const manager = await proxy();
    for (const rest of ['web.port', 'web.host', 'db.port']) {
      await manager.publish(topic(rest), 1);
    }
    assert.deepEqual((await manager.getAllTopics(topic('web'))).sort(), [topic('web.host'), topic('web.port')]);
    assert.deepEqual(await manager.getAllTopics(topic('none')), []);
    const all = await manager.getAllTopics();
    assert.ok(all.includes(topic('db.port')) && all.includes(topic('web.port')));
  });

  it('tells a subscriber the present value at once and each new one after it', async () => {
    const manager = await proxy();
    await manager.publish(topic('level'), 'info');
    const seen = [];
    await (await configClient('reader')).subscribe(topic('level'), (value) => seen.push(value));
    assert.deepEqual(seen, ['info']);
    await manager.publish(topic('level'), 'warn');
    await manager.publish(topic('level'), 'error');
    await until('both are heard', () => seen.length === 3);
    assert.deepEqual(seen, ['info', 'warn', 'error']);
  });

  it('takes subscribers of a topic that has no value yet', async () => {
    const seen = [];
    await (await configClient('reader')).subscribe(topic('later'), (value) => seen.push(orNull(value)));
    assert.deepEqual(seen, [null]);
    await (await proxy()).publish(topic('later'), 'now');
    await until('it is heard', () => seen.length === 2);
    assert.deepEqual(seen, [null, 'now']);
  });

  it('tells every subscriber of its own topics and of no other', async () => {
    const seen = { one: [], two: [], both: [] };
    const listen = async (who, ...topics) => {
      const client = await configClient(who);
      for (const each of topics) {
        await client.subscribe(topic(each), (value) => orNull(value) && seen[who].push(`${each}${value}`));
      }
    };
    await listen('one', 'a');
    await listen('two', 'b');
    await listen('both', 'a', 'b');
    const manager = await proxy();
    await manager.publish(topic('a'), 1);
    await manager.publish(topic('b'), 2);
    await manager.publish(topic('a'), 3);
    await until('all is heard', () => seen.both.length === 3 && seen.one.length === 2 && seen.two.length === 1);
    assert.deepEqual(seen, { one: ['a1', 'a3'], two: ['b2'], both: ['a1', 'b2', 'a3'] });
  });

  it('tells a subscriber no more once it has unsubscribed', async () => {
    const manager = await proxy();
    const seen = { stays: [], leaves: [] };
    const callbacks = {};
    const readers = {};
    for (const who of ['stays', 'leaves']) {
      callbacks[who] = (value) => orNull(value) && seen[who].push(value);
      readers[who] = await configClient(who);
      await readers[who].subscribe(topic('x'), callbacks[who]);
    }
    await manager.publish(topic('x'), 1);
    await until('both have heard it', () => seen.stays.length === 1 && seen.leaves.length === 1);
    await readers.leaves.unsubscribe(topic('x'), callbacks.leaves);
    await manager.publish(topic('x'), 2);
    await until('who has stayed hears it', () => seen.stays.length === 2);
    assert.deepEqual(seen, { stays: [1, 2], leaves: [1] });
  });

  it('takes a dead subscriber for none', async () => {
    const reader = await clients.facade('mortal');
    await reader.initConfigClient();
    await reader.getConfigClient().subscribe(topic('x'), () => {});
    reader.getHubClient().getMessengerClient().close();
    const manager = await proxy();
    await within('the answer', manager.publish(topic('x'), 1));
    assert.equal(await manager.getConfig(topic('x')), 1);
  });
});

describe('the built-in config manager', pandoraOnly, () => {
  const { clients, proxy, configClient } = useManager();

  it('keeps what is falsy', async () => {
    const manager = await proxy();
    for (const value of [0, false, '', [], {}]) {
      await manager.publish(topic('x'), value);
      assert.deepEqual(await manager.getConfig(topic('x')), value);
    }
  });

  it('neither leaves out a value nor turns two around, whenever somebody subscribes', async () => {
    const manager = await proxy();
    const last = 300;
    await manager.publish(topic('n'), 1);
    const publishing = (async () => {
      for (let n = 2; n <= last; n++) {
        await manager.publish(topic('n'), n);
      }
    })();
    const listeners = [];
    for (let i = 0; i < 5; i++) {
      const seen = [];
      listeners.push(seen);
      await (await configClient(`reader-${i}`)).subscribe(topic('n'), (value) => seen.push(value));
    }
    await publishing;
    for (const seen of listeners) {
      await until('the last value is heard', () => seen.at(-1) === last);
      // The value may come twice that was set between the subscription and the question for the present one.
      seen.reduce((before, value) => {
        assert.ok(value === before || value === before + 1, `${before} is followed by ${value}`);
        return value;
      });
    }
  });

  it('has told the events of a change before it answers who has made it', async () => {
    const manager = await proxy();
    const seen = [];
    await manager.subscribe(topic('x'), (value) => seen.push(value));
    await manager.publish(topic('x'), 'mine');
    assert.deepEqual(seen, ['mine']);
  });

  it('removes a topic by a publish without a value, and by delete', async () => {
    const manager = await proxy();
    const seen = [];
    await (await configClient('reader')).subscribe(topic('x'), (value) => seen.push(value));
    for (const remove of [() => manager.publish(topic('x')), () => manager.delete(topic('x'))]) {
      await manager.publish(topic('x'), 1);
      await remove();
      assert.deepEqual(await manager.getAllTopics(prefix), []);
      assert.equal(await manager.getConfig(topic('x')), null);
    }
    assert.equal(await manager.delete(topic('x')), false);
    await manager.publish(topic('x'), 2);
    assert.equal(await manager.delete(topic('x')), true);
    await until('all is heard', () => seen.length === 7);
    assert.deepEqual(seen, [null, 1, null, 1, null, 2, null]);
  });

  it('knows the topics that somebody listens to', async () => {
    const manager = await proxy();
    const reader = await configClient('reader');
    await reader.subscribe(topic('x'), () => {});
    assert.deepEqual(await manager.getAllSubscribedTopics(prefix), [topic('x')]);
  });

  it('tells the version of a value, which grows with each change', async () => {
    const manager = await proxy();
    assert.deepEqual(await manager.get(topic('x')), { value: null, version: 0 });
    await manager.publish(topic('x'), ['a']);
    const first = await manager.get(topic('x'));
    assert.deepEqual(first.value, ['a']);
    await manager.publish(topic('other'), 1);
    assert.deepEqual(await manager.get(topic('x')), first);
    await manager.publish(topic('x'), ['a']);
    assert.ok((await manager.get(topic('x'))).version > first.version + 1);
  });

  it('sets a value only if it is as expected, and says what it is if not', async () => {
    const manager = await proxy();
    const created = await manager.compareAndSet(topic('x'), { version: 0 }, { a: 1, b: 2 });
    assert.equal(created.ok, true);
    assert.deepEqual(await manager.get(topic('x')), { value: { a: 1, b: 2 }, version: created.version });
    assert.deepEqual(await manager.compareAndSet(topic('x'), 0, 'mine'), {
      ok: false,
      value: { a: 1, b: 2 },
      version: created.version,
    });
    assert.equal((await manager.compareAndSet(topic('x'), { value: { a: 1 } }, 'mine')).ok, false);
    assert.equal((await manager.compareAndSet(topic('x'), { value: { b: 2, a: 1 } }, 'by value')).ok, true);
    const present = await manager.get(topic('x'));
    const changed = await manager.compareAndSet(topic('x'), present, 'by version');
    assert.equal((await manager.compareAndSet(topic('x'), present, 'again')).ok, false);
    assert.deepEqual(await manager.compareAndSet(topic('x'), changed.version, null), { ok: true, version: 0 });
    assert.deepEqual(await manager.getAllTopics(prefix), []);
  });

  it('counts right when many count at once', async () => {
    const times = 25;
    const count = async (manager) => {
      for (let done = 0; done < times; ) {
        const before = await manager.get(topic('n'));
        done += (await manager.compareAndSet(topic('n'), before, (before.value ?? 0) + 1)).ok ? 1 : 0;
      }
    };
    const managers = await Promise.all(['a', 'b', 'c', 'd'].map((each) => proxy(each)));
    await Promise.all(managers.map(count));
    assert.equal(await managers[0].getConfig(topic('n')), times * managers.length);
  });

  it('refuses what is too large, and who asks for what makes no sense', async () => {
    const manager = await proxy();
    const rows = [
      [() => manager.publish('', 1), /has to have a name/],
      [() => manager.publish('t'.repeat(257), 1), /at most 256 bytes/],
      [() => manager.publish(topic('x'), 'v'.repeat(1024 * 1024)), /at most 1048576 bytes/],
      [() => manager.publish(topic('x'), JSON.parse('['.repeat(129) + ']'.repeat(129))), /128 containers deep/],
      [() => manager.publish(7, 1), /takes a topic's name/],
      [() => manager.publish(), /takes a topic's name/],
      [() => manager.getConfig({}), /takes a topic's name/],
      [() => manager.get(), /takes a topic's name/],
      [() => manager.delete([]), /takes a topic's name/],
      [() => manager.getAllTopics(7), /beginning of the topics' names/],
      [() => manager.compareAndSet(topic('x'), -1, 1), /takes a topic's name, \{version\} or \{value\}/],
      [() => manager.compareAndSet(topic('x'), {}, 1), /takes a topic's name, \{version\} or \{value\}/],
    ];
    for (const [call, message] of rows) {
      await assert.rejects(call, (error) => message.test(error.message) && Boolean(error.name), String(call));
    }
    assert.deepEqual(await manager.getAllTopics(prefix), []);
  });

  it('gives the deepest value to all who ask and listen', async () => {
    const manager = await proxy();
    const deepest = JSON.parse('['.repeat(128) + ']'.repeat(128));
    const seen = [];
    await manager.subscribe(topic('x'), (value) => seen.push(value));
    for (let i = 0; i < 20; i++) {
      await manager.publish(topic('x'), deepest);
    }
    assert.deepEqual(await manager.get(topic('x')).then(({ value }) => value), deepest);
    assert.deepEqual((await manager.getConfig())[topic('x')], deepest);
    assert.deepEqual(seen, Array(20).fill(deepest));
  });

  it('gives the longest value whole, and then all topics one by one only', async () => {
    const manager = await proxy();
    const longest = 'v'.repeat(1024 * 1024 - 2);
    await manager.publish(topic('x'), longest);
    assert.equal(await manager.getConfig(topic('x')), longest);
    await assert.rejects(manager.getConfig(), ({ message }) => /ask for them by name/.test(message));
    await manager.delete(topic('x'));
  });

  it('makes room for the manager that an application publishes, and is back with its values after it', async () => {
    const reader = await configClient('reader');
    const manager = await proxy();
    const seen = [];
    await manager.publish(topic('x'), 'built-in');
    await reader.subscribe(topic('x'), (value) => seen.push(value));

    const own = await clients.facade('own');
    await own.initConfigManager();
    assert.equal(orNull(await reader.getConfig(topic('x'))), null);
    await manager.publish(topic('x'), 'own');
    assert.equal(await reader.getConfig(topic('x')), 'own');
    assert.deepEqual(await manager.getAllTopics(), [topic('x')]);

    own.getHubClient().getMessengerClient().close();
    await until('the built-in one is back', async () => (await reader.getConfig(topic('x'))) === 'built-in');
    await manager.publish(topic('x'), 'after');
    await until('the subscriber hears of it', () => seen.at(-1) === 'after');
    assert.deepEqual(seen, ['built-in', 'after']);
  });

  it('is found by its name alone', async () => {
    const client = await clients.rawOnline('stranger');
    const { error } = await client.invoke({ processName: 'hub' }, 'echo', { timeout: 1_000 });
    assert.match(error.message, /^Cannot found any clients/);
    const listed = async (...more) => {
      const child = new Child([pandora(), 'hub', 'routes', '--socket', socketPath, '--json', ...more]);
      await within('pandora hub routes', child.exited);
      return child.output.includes(name);
    };
    assert.equal(await listed(), false);
    assert.equal(await listed('--all'), true);
  });
});
