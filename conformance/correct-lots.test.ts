import { correctFourth } from './testing/correct-fourth.js';
import { correctRegistries } from './testing/correct-registries.js';
import { correctThird } from './testing/correct-third.js';
import { describeNotAccused } from './testing/not-accused.js';

describeNotAccused([...correctRegistries, ...correctThird, ...correctFourth]);
