import type { Requirement } from '../requirement.js';

const stats = ['servers', 'stats'] as const;
const timed = [...stats, 'virtual-time', 'slow-commit'] as const;
const alarmed = [...timed, 'contention'] as const;

export const contention = [
  { id: 'PRT-1', level: 'MUST', needs: ['stats', 'partitions'], method: 'sequential', text: 'A registry has 1 to 64 partitions, 16 unless told otherwise; any other number is refused with `invalid_argument`.', claims: ['C-PARTITIONS'] },
  { id: 'PRT-2', level: 'MUST', needs: stats, method: 'sequential', text: 'An id maps to one partition, and to the same one for as long as the registry lives.', claims: ['C-HASH'] },
  { id: 'PRT-3', level: 'MUST', needs: stats, method: 'sequential', text: 'Ids are spread uniformly over the partitions: for each family of ids the chi-squared statistic of the counts stays below the critical value at a significance of one in a million.', claims: ['C-HASH', 'C-DEVIATION'] },
  { id: 'PRT-4', level: 'MUST', needs: timed, method: 'sequential', text: 'A write that is slow or stuck in one partition delays no operation on ids of any other.', claims: ['C-INDEPENDENT', 'C-NO-DEADLOCK'] },
  { id: 'STA-1', level: 'MUST', needs: stats, method: 'sequential', text: 'A partition counts the writes committed in it since the last reset; a refused operation is none.', claims: ['C-STATS'] },
  { id: 'STA-2', level: 'MUST', needs: stats, method: 'sequential', text: 'A partition keeps the latencies of its last 10 writes.', claims: ['C-STATS'] },
  { id: 'STA-3', level: 'MUST', needs: timed, method: 'sequential', text: 'Minimum, mean and maximum are those of the samples in the window, and 0 when there are none.', claims: ['C-STATS'] },
  { id: 'STA-4', level: 'MUST', needs: stats, method: 'sequential', text: '`getPartitionStats(partition)` gives the entry of the whole list for that partition.', claims: ['C-STATS', 'C-API'] },
  { id: 'STA-5', level: 'MUST', needs: stats, method: 'sequential', text: '`resetStats` sets write counts and windows back to nothing and leaves names and bindings alone.', claims: ['C-RESET'] },
  { id: 'STA-6', level: 'SHOULD', needs: stats, method: 'sequential', text: '`getPartitionStats` refuses a partition that does not exist with `invalid_argument`.', claims: ['C-STATS'] },
  { id: 'CTN-1', level: 'MUST', needs: alarmed, method: 'sequential', text: 'The alarm of a partition is on while it has seen at least 10 writes since the last reset and the mean over its window is above 100 ms.', claims: ['C-ALARM'] },
  { id: 'CTN-2', level: 'MUST', needs: alarmed, method: 'sequential', text: 'The alarm is off with fewer than 10 writes since the last reset, or with a mean of at most 100 ms, unless a write is stuck.', claims: ['C-ALARM'] },
  { id: 'CTN-3', level: 'MUST', needs: alarmed, method: 'sequential', text: 'The alarm is on while a write has been in flight for longer than 500 ms, so that a stuck partition alarms although nothing completes.', claims: ['C-ALARM', 'C-DETECTION'] },
  { id: 'CTN-4', level: 'MUST', needs: alarmed, method: 'sequential', text: 'A sample leaves the window one second after its commit.', claims: ['C-ALARM', 'C-RESUMES'] },
  { id: 'CTN-5', level: 'MUST', needs: alarmed, method: 'sequential', text: 'The alarm goes off by itself once its condition has ended, without any further operation.', claims: ['C-RESUMES'] },
  { id: 'CTN-6', level: 'MUST', needs: alarmed, method: 'sequential', text: 'On and off are visible within 100 ms of becoming true.', claims: ['C-DETECTION'] },
  { id: 'CTN-7', level: 'MUST', needs: [...alarmed, 'thresholds'], method: 'sequential', text: 'All thresholds are options.', claims: ['C-ALARM'] },
  { id: 'CTN-8', level: 'MUST', needs: ['servers', 'virtual-time'], method: 'sequential', text: 'No timer runs while the registry is idle.' , claims: ['C-DETECTION'] },
  { id: 'CTN-9', level: 'MUST', needs: timed, method: 'sequential', text: 'The latency of a write runs from the call to its commit, the time it waits for its turn included.', claims: ['C-STATS'] },
  { id: 'CTN-10', level: 'MUST', needs: alarmed, method: 'sequential', text: '`getContentionStatus` lists exactly the partitions whose statistics show the alarm, and the state of admission.', claims: ['C-STATUS'] },
  { id: 'ADM-1', level: 'MUST', needs: [...alarmed, 'partitions'], method: 'sequential', text: 'While more than half of the partitions are alarmed, registrations of both kinds are refused with `admission_control_active`.', claims: ['C-ADMISSION'] },
  { id: 'ADM-2', level: 'MUST', needs: [...alarmed, 'partitions'], method: 'sequential', text: 'While half of the partitions or fewer are alarmed, no registration is refused with `admission_control_active`.', claims: ['C-ADMISSION'] },
  { id: 'ADM-3', level: 'MUST', needs: ['servers', 'override'], method: 'sequential', text: 'While admission is closed, lookups, lists, updates, unregistration, binding, unbinding and routing work as ever.', claims: ['C-ADMISSION'] },
  { id: 'ADM-4', level: 'MUST', needs: [...alarmed, 'partitions'], method: 'sequential', text: 'When contention has ceased, admission reopens by itself: rejected registrations produce no samples, so this must not depend on new ones.', claims: ['C-RESUMES'] },
  { id: 'ADM-5', level: 'MUST', needs: ['servers', 'override'], method: 'sequential', text: '`setAdmission("closed")` refuses every registration with `admission_control_active`, whatever the alarms say.', claims: ['C-OVERRIDE'] },
  { id: 'ADM-6', level: 'MUST', needs: ['servers', 'override'], method: 'sequential', text: '`setAdmission("open")` admits registrations whatever the alarms say, and `setAdmission("auto")` gives the decision back to them.', claims: ['C-OVERRIDE'] },
  { id: 'ADM-7', level: 'SHOULD', needs: ['servers', 'override'], method: 'sequential', text: '`setAdmission` refuses a mode that does not exist with `invalid_argument`.', claims: ['C-OVERRIDE'] },
] as const satisfies readonly Requirement[];
