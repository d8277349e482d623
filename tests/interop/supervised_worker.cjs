// An unmodified npm client as a worker of `pandora run`: it finds the hub by the environment, and nothing else.
//
//   supervised_worker.cjs provider    publishes `clock`: a method, a property, an event
//   supervised_worker.cjs consumer    calls and subscribes to it, and prints what comes
'use strict';

const { EventEmitter } = require('node:events');
const { HubFacade } = require('pandora-hub');

const quiet = { error() {}, warn() {}, info() {}, log() {} };

class Clock extends EventEmitter {
  unit = 'ms';

  pid() {
    return process.pid;
  }

  subscribe(register, listener) {
    this.on(register, listener);
  }

  unsubscribe(register, listener) {
    this.off(register, listener);
  }
}

async function provide(facade) {
  const clock = new Clock();
  await facade.publish(clock, { name: 'clock' });
  console.log('published');
  setInterval(() => clock.emit('tick', process.pid), 50);
}

async function consume(facade) {
  const clock = await facade.getProxy({ name: 'clock' });
  console.log(`unit ${await clock.getProperty('unit')}`);
  await clock.subscribe('tick', (pid) => console.log(`tick of ${pid}`));
  setInterval(() => {
    clock.pid().then(
      (pid) => console.log(`answer of ${pid}`),
      (error) => console.log(`error ${error.message}`),
    );
  }, 50);
}

async function main(role) {
  const facade = new HubFacade();
  facade.setup({
    location: { appName: process.env.PANDORA_APP, processName: role, pid: String(process.pid) },
    logger: quiet,
  });
  await facade.start();
  await (role === 'provider' ? provide(facade) : consume(facade));
}

main(process.argv[2]);
