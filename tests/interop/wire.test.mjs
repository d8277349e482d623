// Frames as they are on the wire: headers, ids, spelling of the JSON, and what is ignored.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { appName } from './support/clients.mjs';
import { call, frame, header, MSG_DOWN, MSG_UP, ONLINE, PUBLISH } from './support/raw_client.mjs';
import { pandoraOnly } from './support/target.mjs';
import { useHub } from './support/world.mjs';

describe("the hub's frames", () => {
  const { clients } = useHub();

  it('answer with exactly the bytes of the npm hub', async () => {
    const client = await clients.raw();
    const id = client.send(ONLINE, { host: { appName, processName: 'raw' }, needReply: true });
    const { flags, text } = await client.answerTo(id);
    assert.equal(text, '{"action":"response_callback_1","data":{"success":true}}');
    assert.equal(flags, 0);
  });

  it('deliver a message with every field it came with', async () => {
    const caller = await clients.rawOnline('caller');
    const callee = await clients.rawOnline('callee');
    const message = call(caller.location, { processName: 'callee', x: 1 }, 'a', {
      trace: { id: 'ab' },
      list: [null],
    });
    caller.send(MSG_UP, message);
    const down = await callee.next(MSG_DOWN);
    assert.equal(down.flags, 0);
    assert.deepEqual(down.body, { action: MSG_DOWN, data: message });
  });

  it('deliver numbers too large for a double, and white space, bit for bit', pandoraOnly, async () => {
    const caller = await clients.rawOnline('caller');
    const callee = await clients.rawOnline('callee');
    const message =
      '{"remote":{"processName":"callee"}, "big":12345678901234567890,"z":[1.50, -0],"needReply":true}';
    const asked = caller.sendText(`{"action":"${MSG_UP}","data":${message}}`);
    const down = await callee.next(MSG_DOWN);
    assert.equal(down.text, `{"action":"${MSG_DOWN}","data":${message}}`);
    const reply = '{"success":true, "data":[98765432109876543210]}';
    callee.sendText(`{"action":"response_callback_${down.id}","data":${reply}}`);
    assert.equal(
      (await caller.answerTo(asked)).text,
      `{"action":"response_callback_${asked}","data":${reply}}`,
    );
  });

  it('number what one receiver gets without reusing an id that is in flight', async () => {
    const caller = await clients.rawOnline('caller');
    const callee = await clients.rawOnline('callee');
    const ids = new Set();
    for (let i = 0; i < 50; ++i) {
      caller.send(MSG_UP, call(caller.location, { processName: 'callee' }, 'work'));
      ids.add((await callee.next(MSG_DOWN)).id);
    }
    assert.equal(ids.size, 50);
    assert.ok([...ids].every((id) => id >= 1 && id < 2 ** 30));
  });

  it('hand a reply over as the callee spelled it, whatever the id in its header', async () => {
    const caller = await clients.rawOnline('caller');
    const callee = await clients.rawOnline('callee');
    const asked = caller.send(MSG_UP, call(caller.location, { processName: 'callee' }, 'work'));
    const down = await callee.next(MSG_DOWN);
    const reply = {
      success: false,
      error: { message: 'no', code: 7 },
      extra: { deep: [null] },
      data: 'both',
    };
    callee.write(frame(77, JSON.stringify({ action: `response_callback_${down.id}`, data: reply })));
    assert.deepEqual((await caller.answerTo(asked)).body, {
      action: `response_callback_${asked}`,
      data: reply,
    });
  });
});

describe('the hub', () => {
  const { clients } = useHub();

  it('routes messages of a connection that is not online', async () => {
    await clients.hubClient('callee');
    const stranger = await clients.raw();
    const reply = await stranger.invoke({ processName: 'callee' }, 'echo', { data: 1 });
    assert.equal(reply.data.echo.data, 1);
  });

  it('ignores empty frames, unknown actions, and bodies that are no action', async () => {
    const client = await clients.rawOnline('client');
    client.write(header(1, 0));
    client.send('SOMETHING_ELSE', { needReply: true });
    for (const name of ['connected', 'disconnected', 'ready', 'close', 'response_callback_1']) {
      client.send(name, {});
    }
    for (const text of ['{}', '[]', '"text"', '1', 'true', 'null', '{"action":7}', '{"data":{}}']) {
      client.sendText(text);
    }
    await client.settled();
    assert.deepEqual(client.frames, []);
  });

  it('ignores the request and one-way bits of a header', async () => {
    const client = await clients.raw();
    for (const flags of [0x00, 0x40, 0x80, 0xc0]) {
      assert.deepEqual(await client.request(ONLINE, { host: { processName: 'flags' } }, { flags }), {
        success: true,
      });
    }
  });

  it('reads JSON in any spelling: white space, key order, escapes', async () => {
    await clients.hubClient('callee');
    const client = await clients.rawOnline('client');
    const data = {
      needReply: true,
      host: client.location,
      data: 'é',
      action: 'echo',
      broadcast: false,
      remote: { processName: 'callee' },
    };
    const pretty = JSON.stringify({ data, action: MSG_UP }, null, 4);
    const escaped = pretty
      .replaceAll('callee', '\\u0063allee')
      .replaceAll('remote', 'r\\u0065mote')
      .replaceAll('MSG_UP', '\\u004dSG_UP');
    for (const text of [pretty, escaped, `\n\t ${pretty}\r\n `]) {
      const { success, data: result } = (await client.answerTo(client.sendText(text))).body.data;
      assert.equal(success, true);
      assert.deepEqual(result.echo, data);
    }
  });

  it('answers frames of one connection in their order', async () => {
    const client = await clients.raw();
    const order = [];
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        client.request(PUBLISH, { data: { selector: { objectName: `o${at}` } } }).then(() => order.push(at)),
      ),
    );
    assert.deepEqual(
      order,
      Array.from({ length: 100 }, (_, at) => at),
    );
  });

  it('takes many frames in one write, and one frame in many writes', async () => {
    const client = await clients.raw();
    const body = (id) =>
      frame(id, JSON.stringify({ action: ONLINE, data: { host: { processName: `p${id}` } } }));
    await client.write(Buffer.concat([body(1), body(2), body(3)]));
    for (const id of [1, 2, 3]) {
      assert.deepEqual((await client.answerTo(id)).body.data, { success: true });
    }
    for (const byte of body(4)) {
      await client.write(Buffer.of(byte));
    }
    assert.deepEqual((await client.answerTo(4)).body.data, { success: true });
  });
});
