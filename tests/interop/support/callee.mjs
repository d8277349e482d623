// A provider in a process of its own, to be killed: object "victim" with a method that answers, and one that
// never does.
import { HubFacade } from './npm.mjs';

const facade = new HubFacade();
facade.setup({ location: { appName: 'interop', processName: 'victim', pid: String(process.pid) } });
await facade.start();
await facade.publish({ ping: () => 'pong', hang: () => new Promise(() => {}) }, { name: 'victim' });
setInterval(() => {}, 1 << 30); // the npm client does not keep its process alive
