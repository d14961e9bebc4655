import type { Feature } from './features.js';

/** What is measured, for the requirements that carry numbers. */
export interface Sla {
  readonly metric: string;
  readonly relation: '<' | '<=' | '>=' | '=';
  readonly value: number;
  readonly unit: string;
  /** Under which conditions the number holds. */
  readonly conditions: string;
  /** How it is measured, and when it counts as kept. */
  readonly method: string;
}

/** How a requirement is judged: by single operations in sequence, by overlapping ones, or by measurement under load. */
export type Method = 'sequential' | 'concurrent' | 'load' | 'argument';

/** One numbered requirement of the specification. */
export interface Requirement {
  /** Stable: chapter and number. Never reused. */
  readonly id: string;
  readonly level: 'MUST' | 'SHOULD';
  /** One sentence. */
  readonly text: string;
  /** What a registry, or its adapter, must offer for the requirement to apply. */
  readonly needs: readonly Feature[];
  readonly method: Method;
  /** The claims of the seed it comes from, by id. */
  readonly claims?: readonly string[];
  readonly sla?: Sla;
}
