import { createHook } from 'node:async_hooks';

/**
 * How many promises, timers and whatever else may call back later are made by a call, and how many listeners are added. Counted, so
 * there is no noise.
 */
export function madeBy(call: () => void): number {
  let made = 0;
  const hook = createHook({ init: () => void made++ });
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (...args: Parameters<typeof addEventListener>) {
    made++;
    addEventListener.apply(this, args);
  };
  hook.enable();
  try {
    call();
  } finally {
    hook.disable();
    EventTarget.prototype.addEventListener = addEventListener;
  }
  return made;
}
