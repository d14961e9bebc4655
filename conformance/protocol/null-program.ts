import { nullAdapter } from '../sla/null-adapter.js';
import { serve } from './serve.js';

/** The registry that does nothing, as a program: what it takes, the protocol takes. */
await serve(nullAdapter);
