import { describeNotAccused } from './testing/not-accused.js';
import { correctSixth } from './testing/sixth/index.js';

describeNotAccused(correctSixth);
