// Byte streams and behaviour of a hostile client: its own connection may end, and nobody else may notice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { HealthyPair } from './support/healthy_pair.mjs';
import { call, frame, header, MSG_UP, ONLINE, PUBLISH } from './support/raw_client.mjs';
import { pandoraOnly } from './support/target.mjs';
import { until, within } from './support/wait.mjs';
import { useHub } from './support/world.mjs';

const KiB = 1024;
const MiB = 1024 * KiB;

/** The same bytes in every run (xorshift32, Marsaglia 2003). */
function noise(length, seed) {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; ++at) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

function residentBytes(pid) {
  const [, kib] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m);
  return Number(kib) * KiB;
}

describe('an honest pair does not notice a client that', pandoraOnly, () => {
  const { hub, clients } = useHub();
  const pair = new HealthyPair();
  before(() => pair.open());
  afterEach(() => pair.check());
  after(() => pair.close());

  const garbage = {
    noise: noise(MiB, 1),
    'more noise': noise(MiB, 0x9e3779b9),
    'nothing but zeros': Buffer.alloc(MiB),
    'nothing but ones': Buffer.alloc(MiB, 0xff),
    'another protocol': Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(30_000)),
  };
  for (const [what, bytes] of Object.entries(garbage)) {
    it(`sends a megabyte of garbage: ${what}`, async () => {
      const attacker = await clients.raw();
      await attacker.write(bytes);
    });
  }

  it('closes in the middle of a frame', async () => {
    const whole = frame(1, JSON.stringify({ action: ONLINE, data: { host: { processName: 'half' } } }));
    for (let length = 0; length < whole.length; ++length) {
      const attacker = await clients.raw();
      await attacker.write(whole.subarray(0, length));
      await attacker.close();
    }
  });

  for (const length of [0xffffffff, 0x80000000, 17 * MiB]) {
    it(`announces a frame of ${length} bytes, and is cut off`, async () => {
      const attacker = await clients.rawOnline('attacker');
      attacker.write(Buffer.concat([header(9, length), Buffer.alloc(KiB, 0x20)]));
      await within('the end of the connection', attacker.closed);
    });
  }

  it('announces much and sends little: the hub sets no memory aside for promises', async () => {
    const resident = residentBytes(hub.child.pid);
    for (let i = 0; i < 50; ++i) {
      const attacker = await clients.rawOnline(`promiser${i}`);
      await attacker.write(Buffer.concat([header(9, 15 * MiB), Buffer.alloc(KiB, 0x20)]));
    }
    await pair.check();
    assert.ok(residentBytes(hub.child.pid) - resident < 64 * MiB);
  });

  it('trickles a valid frame byte by byte, and is served', async () => {
    const client = await clients.raw();
    for (const byte of frame(
      1,
      JSON.stringify({ action: ONLINE, data: { host: { processName: 'slow' } } }),
    )) {
      await client.write(Buffer.of(byte));
      await pause(2);
    }
    assert.deepEqual((await client.answerTo(1)).body.data, { success: true });
  });

  /** A client that goes online as `processName` and never reads. */
  async function deafClient(processName) {
    const deaf = await clients.raw({ deaf: true });
    deaf.write(frame(1, JSON.stringify({ action: ONLINE, data: { host: { processName } } })));
    return deaf;
  }

  /** Resolves once the hub has cut off the client of `processName`, and that has found out. */
  async function cutOff(deaf, processName) {
    const witness = await clients.rawOnline('witness');
    const forgotten = async () => {
      const { error } = await witness.invoke({ processName }, 'hello', { timeout: 100 });
      return error.message.startsWith('Cannot found any clients');
    };
    await until(`${processName} is gone`, forgotten, 30_000); // a queue above its soft limit has 10 s
    deaf.socket.resume();
    await within('the end of the connection', deaf.closed);
  }

  it('never reads while 100 MB are sent to it, and is cut off', async () => {
    const deaf = await deafClient('deaf');
    const sender = await clients.rawOnline('sender');
    const data = 'x'.repeat(64 * KiB);
    const note = { remote: { processName: 'deaf' }, action: 'note', broadcast: false, data };
    for (let sent = 0; sent < 100 * MiB; sent += data.length) {
      await sender.write(frame(7, JSON.stringify({ action: MSG_UP, data: note })));
      if (sent % (8 * MiB) === 0) {
        await pair.check();
      }
    }
    await cutOff(deaf, 'deaf');
  });

  it('never reads the answers to its own calls, and is cut off', async () => {
    const deaf = await deafClient('deaf caller');
    const ask = call({ processName: 'deaf caller' }, { objectName: 'healthy' }, 'echo', {
      data: 'x'.repeat(64 * KiB),
    });
    const message = JSON.stringify({ action: MSG_UP, data: ask });
    for (let at = 2; at <= 1_600; ++at) {
      await deaf.write(frame(at, message));
      if (at % 100 === 0) {
        await pair.check();
      }
    }
    await cutOff(deaf, 'deaf caller');
  });

  it('publishes without end', async () => {
    const attacker = await clients.rawOnline('attacker');
    for (let at = 0; at < 20_000 && !attacker.socket.destroyed; ++at) {
      attacker.send(PUBLISH, { data: { selector: { objectName: `object${at}` } } });
    }
    await attacker.digested();
  });

  it('comes 300 times at once and leaves without a word', async () => {
    const crowd = await Promise.all(Array.from({ length: 300 }, () => clients.raw()));
    await pair.check();
    await Promise.all(crowd.map((client) => client.close()));
  });
});
