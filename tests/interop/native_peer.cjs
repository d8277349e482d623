// An unmodified npm client beside a native one: it publishes `npm`, and calls and hears `native` when it is told to.
//
//   native_peer.cjs SOCKET_FOLDER    commands come line by line: call METHOD JSON | get PROPERTY | subscribe EVENT |
//                                    unsubscribe EVENT | emit EVENT JSON. What comes of it goes out as lines of JSON.
'use strict';

const { EventEmitter } = require('node:events');
const readline = require('node:readline');

process.env.PANDORA_TMP_DIR = process.argv[2]; // read when the package is loaded
const { HubFacade } = require('pandora-hub');

const quiet = { error() {}, warn() {}, info() {}, log() {} };
const say = (what) => console.log(JSON.stringify(what));

class Npm extends EventEmitter {
  version = '2.1.2';

  add(a, b) {
    return a + b;
  }

  fail() {
    throw new TypeError('on purpose');
  }

  subscribe(register, listener) {
    this.on(register, listener);
    say({ subscribed: register });
  }

  unsubscribe(register, listener) {
    this.off(register, listener);
    say({ unsubscribed: register });
  }
}

async function main() {
  const facade = new HubFacade();
  facade.setup({ location: { appName: 'interop', processName: 'npm', pid: String(process.pid) }, logger: quiet });
  await facade.start();
  const npm = new Npm();
  await facade.publish(npm, { name: 'npm' });
  say({ published: 'npm' });

  const hear = (...parameters) => say({ heard: parameters });
  let proxy = null;
  const native = async () => (proxy ??= await facade.getProxy({ name: 'native' }));
  const commands = {
    call: async (method, parameters) => ({ result: await (await native())[method](...JSON.parse(parameters)) }),
    get: async (property) => ({ property: await (await native()).getProperty(property) }),
    subscribe: async (event) => ({ subscription: (await (await native()).subscribe(event, hear)) ?? null }),
    unsubscribe: async (event) => ({ end: (await (await native()).unsubscribe(event, hear)) ?? null }),
    emit: async (event, parameters) => void npm.emit(event, ...JSON.parse(parameters)),
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [, command, name, rest] = /^(\S+) (\S+) ?(.*)$/.exec(line);
    commands[command](name, rest).then(
      (outcome) => outcome && say(outcome),
      (error) => say({ error: error.message }),
    );
  }
  process.exit(0);
}

main();
