// Which hub is under test: the program named by PANDORA_BIN or, with PANDORA_REFERENCE=1, the npm package's own,
// against which every expectation that is not marked `pandoraOnly` holds as well.
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';

const binary = process.env.PANDORA_BIN;
const reference = !binary && process.env.PANDORA_REFERENCE === '1';

if (!binary && !reference) {
  throw new Error(
    'name the hub under test: PANDORA_BIN=/path/to/pandora, or PANDORA_REFERENCE=1 for the npm hub',
  );
}
if (binary) {
  accessSync(binary, constants.X_OK);
}

export const isReference = reference;

/** Test options of what goes beyond the npm hub: where it crashes, stays silent or knows no such thing. */
export const pandoraOnly = reference ? { skip: 'the npm hub does not do this' } : {};

/** The pandora program under test. Throws when the npm hub is. */
export function pandora() {
  if (reference) {
    throw new Error('this test needs PANDORA_BIN');
  }
  return binary;
}

/** Program and arguments that serve a hub on `socketPath`. */
export function hubCommand(socketPath) {
  return reference
    ? [process.execPath, fileURLToPath(new URL('reference_hub.mjs', import.meta.url))]
    : [binary, 'hub', 'serve', '--socket', socketPath];
}
