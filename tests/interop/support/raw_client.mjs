// A client made of a socket and the 9-byte header, for what the npm client cannot say or hides.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';

import { socketPath } from './npm.mjs';
import { within } from './wait.mjs';

export const headerBytes = 9;

export const ONLINE = 'PANDORA_HUB_ACTION_ONLINE_UP';
export const OFFLINE = 'PANDORA_HUB_ACTION_OFFLINE_UP';
export const PUBLISH = 'PANDORA_HUB_ACTION_PUBLISH_UP';
export const UNPUBLISH = 'PANDORA_HUB_ACTION_UNPUBLISH_UP';
export const MSG_UP = 'PANDORA_HUB_ACTION_MSG_UP';
export const MSG_DOWN = 'PANDORA_HUB_ACTION_MSG_DOWN';

/** One frame around `body`, a string or a Buffer. */
export function frame(id, body, { flags = 0 } = {}) {
  const bytes = Buffer.from(body);
  return Buffer.concat([header(id, bytes.length, flags), bytes]);
}

/** A header alone, so that its length may lie. */
export function header(id, length, flags = 0) {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt8(flags, 0);
  bytes.writeUInt32BE(id, 1);
  bytes.writeUInt32BE(length, 5);
  return bytes;
}

export class RawClient {
  /** Connects. With {deaf: true} it never reads: the kernel's buffers fill up and stay full. */
  static async connect({ deaf = false } = {}) {
    const socket = net.connect(socketPath);
    await once(socket, 'connect');
    return new RawClient(socket, deaf);
  }

  constructor(socket, deaf) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.frames = []; // received and not yet taken: {flags, id, text, body}
    this.waiting = []; // {matches, resolve, reject}
    this.lastId = 0;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    this.closed.then(() => this.#giveUp());
    socket.on('error', () => {}); // a cut connection is an outcome: `closed` tells
    if (deaf) {
      socket.pause();
    } else {
      socket.on('data', (bytes) => this.#read(bytes));
    }
  }

  /** Writes bytes as they are. Resolves when the kernel has taken them, or the connection has ended. */
  write(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, resolve));
  }

  /** Sends one body, given as a value, and returns the id of its frame. */
  send(action, data, options) {
    return this.sendText(JSON.stringify({ action, data }), options);
  }

  /** Sends one body, given as JSON text, and returns the id of its frame. */
  sendText(text, options) {
    this.lastId += 1;
    this.socket.write(frame(this.lastId, text, options));
    return this.lastId;
  }

  /** Sends and resolves with the `data` of the answer. */
  async request(action, data, options) {
    return (await this.answerTo(this.send(action, data, options))).body.data;
  }

  /** Resolves with the frame that answers frame `id`. */
  answerTo(id, ms) {
    return this.next(`response_callback_${id}`, ms);
  }

  /** Resolves with the oldest frame of this action not yet taken. Rejects when the connection ends. */
  next(action, ms) {
    const matches = ({ body }) => body.action === action;
    const at = this.frames.findIndex(matches);
    if (at >= 0) {
      return Promise.resolve(this.frames.splice(at, 1)[0]);
    }
    const arrival = new Promise((resolve, reject) => this.waiting.push({ matches, resolve, reject }));
    if (this.socket.destroyed) {
      this.#giveUp();
    }
    return within(action, arrival, ms);
  }

  async online(location) {
    assert.deepEqual(await this.request(ONLINE, { host: location, needReply: true }), { success: true });
    this.location = location;
    return this;
  }

  publish(selector) {
    return this.request(PUBLISH, { data: { selector }, host: this.location, needReply: true });
  }

  /** MSG_UP with the fields the npm client would send, in its order. Resolves with the ReplyPackage. */
  invoke(remote, action, message) {
    return this.request(MSG_UP, call(this.location, remote, action, message));
  }

  /** Answers a MSG_DOWN frame. */
  reply(down, data) {
    return this.send(`response_callback_${down.id}`, data);
  }

  /** Resolves once the hub has handled all that was sent: it reads in order, and this it always answers. */
  settled() {
    return this.request(UNPUBLISH, {
      data: { selector: { objectName: 'never published' } },
      host: this.location,
      needReply: true,
    });
  }

  /** Resolves once the hub has handled all that was sent, or has ended the connection. */
  async digested() {
    try {
      await this.settled();
    } catch (error) {
      if (!this.socket.destroyed) {
        throw error;
      }
    }
  }

  close() {
    this.socket.destroy();
    return this.closed;
  }

  #giveUp() {
    for (const { reject } of this.waiting.splice(0)) {
      reject(new Error('the connection has ended'));
    }
  }

  #read(bytes) {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    for (;;) {
      const length = this.buffer.length < headerBytes ? Infinity : this.buffer.readUInt32BE(5);
      if (this.buffer.length < headerBytes + length) {
        return;
      }
      this.#take(
        this.buffer.subarray(0, headerBytes),
        this.buffer.subarray(headerBytes, headerBytes + length),
      );
      this.buffer = this.buffer.subarray(headerBytes + length);
    }
  }

  #take(head, bytes) {
    if (bytes.length === 0) {
      return; // a probe
    }
    const text = bytes.toString('utf8');
    const received = { flags: head.readUInt8(0), id: head.readUInt32BE(1), text, body: JSON.parse(text) };
    const at = this.waiting.findIndex(({ matches }) => matches(received));
    if (at >= 0) {
      this.waiting.splice(at, 1)[0].resolve(received);
    } else {
      this.frames.push(received);
    }
  }
}

/** The Message of a call as the npm client builds it. */
export function call(host, remote, action, message = {}) {
  return { remote, action, broadcast: false, ...message, host, needReply: true };
}
