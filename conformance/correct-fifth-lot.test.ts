import { correctFifth } from './testing/fifth/index.js';
import { describeNotAccused } from './testing/not-accused.js';

describeNotAccused(correctFifth);
