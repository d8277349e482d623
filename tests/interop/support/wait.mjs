// Waiting for conditions, always with a deadline. Deadlines are generous: they bound a failure, and are no
// expectations.
import { setTimeout as pause } from 'node:timers/promises';

export const patience = 15_000;

const pollInterval = 10;

/** Resolves with the first truthy result of `condition`; rejects once `ms` milliseconds have passed. */
export async function until(what, condition, ms = patience) {
  const deadline = performance.now() + ms;
  for (;;) {
    const result = await condition();
    if (result) {
      return result;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${ms} ms in vain until ${what}`);
    }
    await pause(pollInterval);
  }
}

/** Settles as `promise` does, or rejects once `ms` milliseconds have passed. */
export async function within(what, promise, ms = patience) {
  let timer;
  const expired = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** A promise with its resolver: for a callee that answers when the test says so. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
