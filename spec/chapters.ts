/** A chapter of the specification: the requirements whose ids begin with its prefix. */
export interface Chapter {
  readonly prefix: string;
  readonly title: string;
}

export const chapters: readonly Chapter[] = [
  { prefix: 'NAM', title: 'Names' },
  { prefix: 'EPT', title: 'Endpoints' },
  { prefix: 'ERR', title: 'Errors' },
  { prefix: 'REG', title: 'Registration' },
  { prefix: 'CFG', title: 'Configurations' },
  { prefix: 'UPD', title: 'Updates' },
  { prefix: 'UNR', title: 'Unregistration' },
  { prefix: 'LKP', title: 'Lookups' },
  { prefix: 'LST', title: 'Lists' },
  { prefix: 'INC', title: 'Incarnations' },
  { prefix: 'BND', title: 'Bindings' },
  { prefix: 'DWN', title: 'Endpoints going down' },
  { prefix: 'RTE', title: 'Routing' },
  { prefix: 'PRT', title: 'Partitions' },
  { prefix: 'STA', title: 'Statistics' },
  { prefix: 'CTN', title: 'Contention' },
  { prefix: 'ADM', title: 'Admission control' },
  { prefix: 'DLK', title: 'Progress and freedom from deadlock' },
  { prefix: 'CON', title: 'Consistency' },
  { prefix: 'CLS', title: 'Closing' },
  { prefix: 'SLA', title: 'Service levels' },
];
