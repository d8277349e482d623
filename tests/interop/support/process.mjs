// A child process with what it said, ended by its pid.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { childEnvironment } from './npm.mjs';
import { within } from './wait.mjs';

const outputMax = 64 * 1024; // characters kept of what a child says: enough for a backtrace

export class Child {
  /** Starts `command`. The kernel kills the child with its parent, so an aborted test leaves none behind. */
  constructor(command) {
    this.output = '';
    this.process = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      env: childEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-outputMax);
      });
    }
    this.exited = once(this.process, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  get pid() {
    return this.process.pid;
  }

  get running() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Sends `signal` and waits for the end. Resolves with {code, signal}. */
  async end(signal = 'SIGTERM') {
    this.process.kill(signal);
    try {
      return await within(`the end of pid ${this.pid} after ${signal}`, this.exited);
    } catch (error) {
      this.process.kill('SIGKILL');
      throw error;
    }
  }
}
