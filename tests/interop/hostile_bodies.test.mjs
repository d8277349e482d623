// Bodies of every wrong shape: the connection that sends one may end, and nobody else may notice.
import { after, before, describe, it } from 'node:test';

import { HealthyPair } from './support/healthy_pair.mjs';
import * as bodies from './support/hostile_bodies.mjs';
import { frame } from './support/raw_client.mjs';
import { pandoraOnly } from './support/target.mjs';
import { useHub } from './support/world.mjs';

describe('the hub and its honest clients survive', pandoraOnly, () => {
  const { clients } = useHub();
  const pair = new HealthyPair();
  before(() => pair.open());
  after(() => pair.close());

  for (const [kind, list] of Object.entries(bodies)) {
    it(`${list.length} bodies of ${kind}`, async () => {
      for (const [what, body] of list) {
        const attacker = await clients.rawOnline('attacker');
        await attacker.write(frame(1_000, body));
        await attacker.digested();
        await attacker.close();
        await pair.check().catch((error) => {
          throw new Error(`after ${what}`, { cause: error });
        });
      }
    });
  }
});
