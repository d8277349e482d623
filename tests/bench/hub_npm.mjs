// The published npm client, unmodified, as callee or caller of whatever hub listens in $PANDORA_TMP_DIR.
//
//   hub_npm.mjs callee                       publishes `bench`, prints "ready", stays
//   hub_npm.mjs caller SECONDS IN_FLIGHT     calls it, prints {"calls_per_second", "p50_us"}
// PANDORA_INTEROP_CHILD must be set: the folder is somebody else's.
import { HubFacade } from '../interop/support/npm.mjs';

const quiet = { error() {}, warn() {}, info() {}, log() {} };

async function online(processName) {
  const facade = new HubFacade();
  facade.setup({ location: { appName: 'bench', processName, pid: String(process.pid) }, logger: quiet });
  await facade.start();
  return facade;
}

async function serve() {
  const facade = await online('serves');
  await facade.publish({ echo: (text) => text }, { name: 'bench' });
  setInterval(() => {}, 1 << 30); // the npm client does not keep its process alive
  console.log('ready');
}

/** Calls one after the other until `end`; the round trips in microseconds. */
async function callUntil(proxy, end) {
  const text = 'x'.repeat(64);
  const roundTrips = [];
  for (let now = performance.now(); now < end; ) {
    if ((await proxy.echo(text)) !== text) {
      throw new Error('a wrong answer');
    }
    const answered = performance.now();
    roundTrips.push((answered - now) * 1000);
    now = answered;
  }
  return roundTrips;
}

async function call(seconds, inFlight) {
  const facade = await online('asks');
  const proxy = await facade.getProxy({ name: 'bench' });
  const all = (end) => Promise.all(Array.from({ length: inFlight }, () => callUntil(proxy, end)));
  await all(performance.now() + seconds * 300); // to warm up: V8 compiles meanwhile
  const begin = performance.now();
  const roundTrips = (await all(begin + seconds * 1000)).flat().sort((a, b) => a - b);
  const lasted = (performance.now() - begin) / 1000;
  console.log(
    JSON.stringify({ calls_per_second: roundTrips.length / lasted, p50_us: roundTrips[roundTrips.length >> 1] }),
  );
}

const [role, seconds, inFlight] = process.argv.slice(2);
if (role === 'callee') {
  await serve();
} else {
  await call(Number(seconds), Number(inFlight));
  process.exit(0);
}
