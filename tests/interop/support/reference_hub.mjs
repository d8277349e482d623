// The npm package's own hub, as a program of its own.
import { HubServer } from './npm.mjs';

await new HubServer().start();
process.on('SIGTERM', () => process.exit(0));
