// What is carried: sizes from nothing to many megabytes, and every kind of text.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';

import { useHub } from './support/world.mjs';

const KiB = 1024;
const MiB = 1024 * KiB;

const texts = {
  'two bytes a letter': 'äöü ßñ éè Ωλ Жя',
  'three bytes a letter': '漢字かな交じり文 한국어 ไทย',
  'four bytes a letter': '🦊🐳 𝄞 𠮷',
  'joined and combined': '👩‍👩‍👧‍👦 e\u0301 \u200f\u202e',
  'what JSON escapes': '"\\/\b\f\n\r\t\u0000\u001f\u007f',
  'line separators': '\u2028\u2029\ufeff\uffff',
  'lone surrogates': '\ud800 \udfff a\ud83d',
  'JSON in a string': JSON.stringify({ action: 'response_callback_1', data: { remote: null } }),
};

describe('a payload', () => {
  const { clients } = useHub();
  let proxy;

  beforeEach(async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    await provider.publish(
      {
        wrap: (value) => ({ value }),
        digest: (text) => createHash('sha256').update(text).digest('hex'),
        fill: (length) => 'y'.repeat(length),
      },
      { name: 'mirror' },
    );
    proxy = await consumer.getProxy({ name: 'mirror' }, { timeout: 30_000 });
  });

  for (const length of [0, 1, 100, 4 * KiB - 1, 64 * KiB, 64 * KiB + 1, MiB, 8 * MiB]) {
    it(`of ${length} bytes arrives whole in both directions`, async () => {
      const text = Array.from({ length: Math.min(length, 977) }, (_, at) =>
        String.fromCharCode(32 + ((at * 7) % 95)),
      )
        .join('')
        .repeat(Math.ceil(length / 977))
        .slice(0, length);
      assert.equal(await proxy.digest(text), createHash('sha256').update(text).digest('hex'));
      const { value } = await proxy.wrap(text);
      assert.ok(value === text);
      if (length > 0) {
        // the npm callee loses an empty result
        assert.equal((await proxy.fill(length)).length, length);
      }
    });
  }

  for (const [what, text] of Object.entries(texts)) {
    it(`of text with ${what} arrives as it was, as a value and as a key`, async () => {
      assert.deepEqual(await proxy.wrap([text, { [text]: text }]), { value: [text, { [text]: text }] });
    });
  }

  it('of structure arrives as it was', async () => {
    const deep = Array.from({ length: 200 }).reduce((inner) => ({ inner: [inner] }), 'core');
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`key ${at}`, at]));
    const numbers = [0, 1e21, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, -1.5, 0.1];
    for (const value of [deep, wide, numbers, [], {}, [null, true, false]]) {
      assert.deepEqual(await proxy.wrap(value), { value });
    }
  });
});

describe('a name', () => {
  const { clients } = useHub();

  it('may be any text, too', async () => {
    const provider = await clients.facade('provider');
    const consumer = await clients.facade('consumer');
    for (const [what, name] of Object.entries(texts)) {
      await provider.publish({ 'naïve 方法': () => what }, { name });
      const proxy = await consumer.getProxy({ name });
      assert.equal(await proxy['naïve 方法'](), what, what);
    }
  });
});
