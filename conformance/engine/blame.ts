import type { ExpectedDelivery, Operation, Outcome } from '../../model/index.js';
import type { ErrorCode, RequirementId } from '../../spec/index.js';
import type { Answer } from './answer.js';

/**
 * Which requirement a disagreement between registry and model breaks. A random sequence shows *that* they disagree;
 * the operation after which they do, and in what, says *which* sentence of the specification is not kept.
 */

/** What was so before the operation: the facts that decide between requirements. */
export interface Circumstances {
  readonly operation: Operation;
  readonly outcome: Outcome;
  /** Admission, by hand. */
  readonly mode: 'auto' | 'open' | 'closed';
  /** Whether the name in question is held by somebody. */
  readonly held: (namespace: 'server' | 'transport', id: string) => boolean;
  /** Whether the name in question has been held before by somebody. */
  readonly heldBefore: (namespace: 'server' | 'transport', id: string) => boolean;
  /** Whether the other namespace holds the id. */
  readonly heldElsewhere: (namespace: 'server' | 'transport', id: string) => boolean;
  /** Whether the endpoint going down held the name earlier, and holds it no more. */
  readonly formerHolder: (namespace: 'server' | 'transport', id: string) => boolean;
  /** Whether the transport was bound before the operation. */
  readonly wasBound: (transportId: string) => boolean;
  /** Whether this incarnation of the transport has been bound to anything. */
  readonly everBound: (transportId: string) => boolean;
  /** Whether any operation has been refused before: it may have left something behind. */
  readonly refusedBefore: boolean;
  /** Whether an endpoint that calls back took part. */
  readonly reentrant: boolean;
  /** Whether the answer counts more recipients than there are. */
  readonly overcounted: (answer: Answer) => boolean;
  /** Whether an endpoint that throws or rejects took part. */
  readonly throwing: boolean;
  /** Whether one that throws, rejects or calls back has taken part before: what it left behind may show only now. */
  readonly troubled: boolean;
}

const registrationRefusals: Partial<Record<ErrorCode, RequirementId>> = {
  already_registered: 'REG-2',
  endpoint_down: 'REG-3',
};

/** The requirement that says how an operation is refused with this code. */
export function refusalRequirement(code: ErrorCode, { operation, mode }: Pick<Circumstances, 'operation' | 'mode'>): RequirementId {
  if (code === 'admission_control_active') return mode === 'closed' ? 'ADM-5' : 'ADM-1';
  if (code === 'server_not_found') return operation.op === 'updateServer' ? 'UPD-2' : 'BND-2';
  if (code === 'transport_not_found') return 'BND-3';
  if (code === 'registry_closed') return 'CLS-1';
  return registrationRefusals[code] ?? 'NAM-1';
}

/** The requirement that says what an operation answers when it succeeds. */
export function successRequirement(operation: Operation, value: unknown): RequirementId {
  const empty = value === undefined || value === 0;
  switch (operation.op) {
    case 'registerServer':
    case 'registerTransport':
      return 'REG-1';
    case 'unregisterServer':
    case 'unregisterTransport':
      return 'UNR-1';
    case 'updateServer':
      return 'UPD-1';
    case 'findServer':
    case 'findTransport':
      return empty ? 'LKP-2' : 'LKP-1';
    case 'listServers':
    case 'listTransports':
      return 'LST-1';
    case 'bindTransportToServer':
    case 'getServerForTransport':
      return 'BND-1';
    case 'unbindTransport':
      return 'BND-5';
    case 'routeToServer':
    case 'routeToTransport':
      return empty ? 'RTE-2' : 'RTE-1';
    case 'broadcast':
      return 'RTE-3';
    case 'setAdmission':
      return 'ADM-6';
    case 'resetStats':
      return 'STA-5';
    case 'getPartitionStats':
      return 'STA-1';
    case 'getContentionStatus':
      return 'CTN-10';
    case 'close':
      return 'CLS-2';
    case 'down':
      return 'DWN-1';
    default:
      return 'ERR-1';
  }
}

/** The operation was answered otherwise than the model allows. The first is blamed; the others may be the cause as well. */
export function blameAnswer(circumstances: Circumstances, answer: Answer): RequirementId[] {
  const { operation, outcome } = circumstances;
  if (answer.kind === 'broken') return [answer.breaks];
  const registers = operation.op === 'registerServer' || operation.op === 'registerTransport';
  if (registers && answer.kind === 'refused') {
    // No registration is refused for want of a server: its configuration named one.
    if (operation.op === 'registerTransport' && answer.code.endsWith('_not_found')) return ['BND-9', 'REG-1'];
    return blameFalseRefusal(circumstances, operation.op === 'registerServer' ? 'server' : 'transport', operation.id, answer.code);
  }
  if (!registers && answer.kind === 'refused' && answer.code === 'admission_control_active') return ['ADM-3'];
  if (outcome.kind === 'refused') return outcome.codes.map((code) => refusalRequirement(code, circumstances));
  const plain = successRequirement(operation, outcome.value);
  const whileClosed = becauseClosed(circumstances);
  // What fails need not be counted: too high a count has another reason.
  if (circumstances.throwing && !circumstances.overcounted(answer)) return ['RTE-6', plain, ...whileClosed];
  if (answer.kind === 'done') return circumstances.reentrant ? ['RTE-7', plain, ...whileClosed] : [plain, ...whileClosed];
  const nothingToDo = operation.op.startsWith('unregister') && 'id' in operation && !circumstances.held(operation.op === 'unregisterServer' ? 'server' : 'transport', operation.id);
  return [nothingToDo || (operation.op.startsWith('unregister') && answer.code === (operation.op === 'unregisterServer' ? 'server_not_found' : 'transport_not_found')) ? 'UNR-2' : plain];
}

/** With admission closed, what goes wrong may do so for that reason. */
const becauseClosed = ({ mode }: Circumstances): RequirementId[] => (mode === 'closed' ? ['ADM-3'] : []);

/** A registration was refused for a reason that does not apply. */
function blameFalseRefusal({ mode, heldBefore, heldElsewhere, refusedBefore }: Circumstances, namespace: 'server' | 'transport', id: string, code: ErrorCode): RequirementId[] {
  if (code === 'invalid_argument') return ['NAM-2', 'EPT-1', 'CFG-1'];
  if (code === 'admission_control_active') return mode === 'open' ? ['ADM-6'] : ['ADM-2', 'ADM-6'];
  if (code !== 'already_registered') return ['REG-1'];
  const blamed: RequirementId[] = [];
  if (heldBefore(namespace, id)) blamed.push('REG-5');
  if (heldElsewhere(namespace, id)) blamed.push('NAM-4');
  // What was refused before may hold the name in secret.
  return [...blamed, 'REG-1', ...(refusedBefore ? (['REG-4'] as const) : [])];
}

/** What a write may have left undone, that shows only when somebody looks. */
const ofWrites: readonly RequirementId[] = ['NAM-3', 'NAM-4', 'REG-1', 'REG-4', 'CFG-1', 'UPD-1', 'UNR-1', 'INC-1', 'INC-2', 'BND-1', 'BND-4', 'BND-5', 'BND-6', 'BND-7', 'BND-8', 'BND-9', 'DWN-1', 'DWN-2', 'DWN-4'];

/** What the registry shows after the operation differs from the model: a name, a binding, or a list that contradicts lookups. */
export type Difference =
  | { readonly in: 'name'; readonly namespace: 'server' | 'transport'; readonly id: string; readonly expected: boolean; readonly configOnly: boolean }
  | { readonly in: 'binding'; readonly transportId: string; readonly expected: boolean }
  | { readonly in: 'list' };

/** The first is blamed; the others may be the cause as well. */
export function blameState(circumstances: Circumstances, difference: Difference): RequirementId[] {
  const { operation, outcome, refusedBefore } = circumstances;
  if (difference.in === 'list') return ['LST-1'];
  if (outcome.kind === 'refused') return ['REG-4'];
  const namespace = operation.op.endsWith('Transport') ? 'transport' : 'server';
  // What a registration finds waiting for it may have been left by an operation that was refused.
  const leftovers: readonly RequirementId[] = refusedBefore ? ['REG-4'] : [];
  switch (operation.op) {
    case 'registerServer':
    case 'registerTransport':
      if (difference.in === 'binding') {
        if (operation.op === 'registerTransport' && difference.transportId === operation.id && operation.config?.serverId !== undefined) {
          return difference.expected ? ['BND-8'] : ['BND-9', ...leftovers];
        }
        return [...(operation.op === 'registerServer' && !circumstances.everBound(difference.transportId) ? (['BND-9', 'INC-2'] as const) : (['INC-2', 'BND-9'] as const)), ...leftovers];
      }
      // Another name has come: one that had been given up, or one that is taken for this.
      if (difference.id !== operation.id) return !difference.expected && circumstances.heldBefore(difference.namespace, difference.id) ? ['UNR-1', 'DWN-1', 'NAM-3'] : ['NAM-3'];
      if (difference.namespace !== namespace) return ['NAM-4'];
      return difference.configOnly ? ['CFG-1', ...leftovers] : ['REG-1', 'LKP-1'];
    case 'unregisterServer':
      // Of the transport of the same id, which is bound elsewhere.
      if (difference.in === 'binding') return difference.expected && difference.transportId === operation.id ? ['NAM-4', 'BND-6', 'BND-4'] : ['BND-6', 'BND-4'];
      return difference.namespace !== namespace && difference.id === operation.id ? ['NAM-4', 'UNR-1'] : ['UNR-1', 'NAM-4'];
    case 'unregisterTransport':
      if (difference.in === 'binding') return ['BND-7', 'UNR-1'];
      return difference.namespace !== namespace && difference.id === operation.id ? ['NAM-4', 'UNR-1'] : ['UNR-1', 'NAM-4'];
    case 'updateServer':
      return difference.in === 'name' && difference.namespace !== namespace && difference.id === operation.id ? ['NAM-4', 'UPD-1'] : ['UPD-1'];
    case 'bindTransportToServer':
      return difference.in === 'binding' && difference.transportId === operation.transportId && circumstances.wasBound(operation.transportId) ? ['BND-4', 'BND-1'] : ['BND-1'];
    case 'unbindTransport':
      return ['BND-5'];
    case 'down':
      // What is still there may only be late.
      if (difference.in === 'binding') return difference.expected ? ['DWN-4', 'DWN-2', 'BND-4', 'INC-1'] : ['DWN-2', 'DWN-1', 'DWN-3'];
      if (!difference.expected) return ['DWN-1', 'DWN-3'];
      return circumstances.formerHolder(difference.namespace, difference.id) ? ['INC-1', 'DWN-4'] : ['DWN-4', ...leftovers];
    case 'resetStats':
      return ['STA-5'];
    case 'routeToServer':
    case 'routeToTransport':
    case 'broadcast':
      // What it calls from within a send may be what is broken.
      return circumstances.reentrant ? ['RTE-7', 'UNR-1', 'NAM-4', 'BND-5', 'BND-6', 'BND-7'] : ['RTE-1'];
    case 'findServer':
    case 'findTransport':
    case 'getServerForTransport':
      return [successRequirement(operation, outcome.value), ...ofWrites];
    default:
      return ['LKP-1'];
  }
}

/** The deliveries that an operation caused are not those that the model demands. The first is blamed; the others may be the cause as well. */
export function blameDeliveries(
  circumstances: Circumstances,
  { missing, extra, expected, formerHolderOf, deliveredBefore }: {
    missing: readonly ExpectedDelivery[];
    extra: readonly ExpectedDelivery[];
    expected: readonly ExpectedDelivery[];
    formerHolderOf: (delivery: ExpectedDelivery) => boolean;
    /** Whether it has been delivered before. */
    deliveredBefore: (delivery: ExpectedDelivery) => boolean;
  },
): RequirementId[] {
  const plain = circumstances.operation.op === 'broadcast' ? 'RTE-3' : 'RTE-1';
  const whileClosed = becauseClosed(circumstances);
  const aftermath: RequirementId[] = [...(circumstances.troubled ? (['RTE-6', 'RTE-7'] as const) : []), ...whileClosed];
  // It arrived where it had to, under another name.
  const misnamed = extra.some((one) => missing.some((other) => one.endpoint === other.endpoint && one.message === other.message));
  if (misnamed) return [plain];
  if (extra.some(deliveredBefore)) return ['RTE-5'];
  if (extra.some(formerHolderOf)) return ['RTE-8', plain];
  if (missing.length > 0) {
    return circumstances.throwing ? ['RTE-6', plain, ...whileClosed] : circumstances.reentrant ? ['RTE-7', plain, ...aftermath] : [plain, ...aftermath];
  }
  const repeated = extra.some((one) => expected.some((other) => one.endpoint === other.endpoint && one.to === other.to && one.message === other.message));
  if (repeated) return ['RTE-5'];
  return expected.length === 0 && plain === 'RTE-1' ? ['RTE-2'] : [plain];
}
