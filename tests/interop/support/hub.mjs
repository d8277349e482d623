// The hub under test as a process that can be started, killed and started again on the same socket path.
import assert from 'node:assert/strict';
import net from 'node:net';

import { socketPath } from './npm.mjs';
import { Child } from './process.mjs';
import { hubCommand } from './target.mjs';
import { until } from './wait.mjs';

export class Hub {
  async start() {
    this.child = new Child(hubCommand(socketPath));
    await until('the hub accepts connections', async () => {
      this.assertRunning();
      return accepts(socketPath);
    });
  }

  /** Throws, with what the hub said last, if it is gone. */
  assertRunning() {
    assert.ok(this.child.running, `the hub is gone; it said:\n${this.child.output}`);
  }

  stop() {
    return this.child.end('SIGTERM');
  }

  kill() {
    return this.child.end('SIGKILL');
  }
}

function accepts(path) {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
