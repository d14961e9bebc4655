import { features, type Feature, type FeatureDefinition } from '../../spec/index.js';
import type { Adapter, Subject } from '../contract.js';

/** Whether an adapter, and the registry it opened, offer a feature: by declaration, or by having its operations. */
export function offers(adapter: Adapter, subject: Subject | undefined, feature: Feature): boolean {
  if (adapter.without?.includes(feature)) return false;
  if (adapter.features?.includes(feature)) return feature !== 'slow-commit' || subject === undefined || typeof subject.slowCommit === 'function';
  const { operations }: FeatureDefinition = features[feature];
  return operations.length > 0 && subject !== undefined && operations.every((operation) => typeof subject[operation] === 'function');
}
