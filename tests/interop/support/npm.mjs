// The published packages, and the folder they find the hub in. They read PANDORA_TMP_DIR once, while they load:
// one test process has one folder and one socket path, and every test file runs in a process of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const inherited = process.env.PANDORA_INTEROP_CHILD ? process.env.PANDORA_TMP_DIR : undefined;

export const folder = inherited ?? mkdtempSync(join(tmpdir(), 'pandora-interop-'));
export const socketPath = join(folder, 'pandorajs_pandora_msg_hub.sock');

/** Environment of a child that shall find the same hub. */
export const childEnvironment = { ...process.env, PANDORA_TMP_DIR: folder, PANDORA_INTEROP_CHILD: '1' };

process.env.PANDORA_TMP_DIR = folder;
if (!inherited) {
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

function load(name) {
  try {
    return createRequire(import.meta.url)(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') {
      throw error;
    }
    throw new Error(`${name} is not installed: run scripts/setup, or \`npm ci\` in tests/interop`);
  }
}

export const { HubFacade, HubServer } = load('pandora-hub');
