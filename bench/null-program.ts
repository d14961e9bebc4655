import { serve } from '../conformance/protocol/serve.js';
import { nullAdapter } from '../conformance/sla/null-adapter.js';

/** The registry that does nothing, as a program: what it takes, the protocol takes. */
await serve(nullAdapter);
