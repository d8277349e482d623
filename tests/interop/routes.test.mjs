// `pandora hub routes`: the route table as an operator sees it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Child } from './support/process.mjs';
import { socketPath } from './support/npm.mjs';
import { OFFLINE } from './support/raw_client.mjs';
import { pandora, pandoraOnly } from './support/target.mjs';
import { until, within } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

async function routes() {
  const child = new Child([pandora(), 'hub', 'routes', '--socket', socketPath, '--json']);
  const { code } = await within('pandora hub routes', child.exited);
  assert.equal(code, 0, child.output);
  return JSON.parse(child.output);
}

describe('the route table', pandoraOnly, () => {
  const { clients } = useHub();

  it('is empty when nobody is there: the connection that asks is left out', async () => {
    assert.deepEqual(await routes(), []);
  });

  it('lists what a client said of itself, in its order and with every field', async () => {
    const facade = await clients.facade('worker');
    await facade.publish({}, { name: 'first', tag: 'v1' });
    await facade.getHubClient().publish({ objectName: 'second', colour: { deep: ['red', null] } });
    const location = facade.getHubClient().getLocation();
    const [entry, ...others] = await routes();
    assert.deepEqual(others, []);
    assert.equal(typeof entry.client, 'string');
    assert.equal(entry.process, null); // a hub without a supervisor knows of no processes
    assert.equal(entry.pid, process.pid); // the kernel's word, as the uid
    assert.equal(entry.uid, process.getuid());
    assert.deepEqual(entry.selectors, [
      { initialization: true },
      location,
      { ...location, objectName: 'first', objectTag: 'v1' },
      { objectName: 'second', colour: { deep: ['red', null] } },
    ]);
  });

  it('lists every connection, each under an id of its own', async () => {
    for (const name of ['a', 'b', 'c']) {
      await clients.rawOnline(name);
    }
    const table = await routes();
    assert.deepEqual(
      table.map(({ selectors }) => selectors[1].processName),
      ['a', 'b', 'c'], // in the order of connection
    );
    assert.equal(new Set(table.map(({ client }) => client)).size, 3);
  });

  it('lists a connection that never said who it is', async () => {
    const stranger = await clients.raw();
    await stranger.settled();
    assert.deepEqual(
      (await routes()).map(({ selectors }) => selectors),
      [[{ initialization: true }]],
    );
  });

  it('forgets what was unpublished, and who went offline or away', async () => {
    const client = await clients.hubClient('worker');
    await client.publish({ objectName: 'first' });
    await client.publish({ objectName: 'second' });
    await client.unpublish({ objectName: 'first' });
    assert.deepEqual((await routes())[0].selectors.slice(2), [{ objectName: 'second' }]);

    const leaver = await clients.rawOnline('leaver');
    assert.deepEqual((await routes()).map(({ selectors }) => selectors.length).sort(), [2, 3]);
    await leaver.request(OFFLINE, { host: leaver.location });
    const lengths = (await routes()).map(({ selectors }) => selectors.length);
    assert.deepEqual(lengths, [3]); // the leaver is still connected, but nobody's destination
    await leaver.publish({ objectName: 'back' });
    assert.deepEqual(
      (await routes()).map(({ selectors }) => selectors.length),
      [3, 1],
    );
    await leaver.close();

    await client.stop();
    await until('the table is empty', async () => (await routes()).length === 0);
  });
});
