import { compile } from './compile.js';
import {
  admissionAlphabet, admissionMachine, alarmAlphabet, alarmMachine, bindingAlphabet, bindingMachine, endpointAlphabet, endpointMachine,
  lifecycleAlphabet, lifecycleMachine, registrationAlphabet, registrationMachine,
} from './machines/index.js';

/** The machines themselves: the source. */
export const machines = {
  lifecycle: lifecycleMachine,
  endpoint: endpointMachine,
  registration: registrationMachine,
  binding: bindingMachine,
  alarm: alarmMachine,
  admission: admissionMachine,
};

/** The compiled machines: built once, at load, in a few milliseconds (some 60 transitions in all). */
export const tables = {
  lifecycle: compile(lifecycleMachine, lifecycleAlphabet),
  endpoint: compile(endpointMachine, endpointAlphabet),
  registration: compile(registrationMachine, registrationAlphabet),
  binding: compile(bindingMachine, bindingAlphabet),
  alarm: compile(alarmMachine, alarmAlphabet),
  admission: compile(admissionMachine, admissionAlphabet),
};
