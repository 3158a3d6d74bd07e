// The bus: the only importer of the NATS client.
export { type Callout, serveCallout } from "./auth-callout.ts";
export {
  type Bus,
  type BusIdentity,
  type BusOptions,
  connectBus,
  credentialsOf,
  withoutCredentials,
} from "./connect.ts";
export {
  type Admit,
  announce,
  askAboutApplying,
  onAnnouncement,
  onApplyingQuestion,
  onHeartbeat,
  sendHeartbeat,
} from "./control.ts";
export {
  isPublicKey,
  isSignedBy,
  issuerOf,
  type MachineKey,
  machineKeyOf,
  makeIssuerSeed,
  makeMachineKey,
  signResult,
  signText,
} from "./keys.ts";
export { agentPermissions, type BusPermissions } from "./permissions.ts";
export {
  type ArrivedResult,
  decodeResult,
  encodeResult,
  fetchResults,
  isTooLarge,
  onReceipt,
  publishReceipt,
  publishResultBytes,
  resultBytesMax,
} from "./results.ts";
export { dropWork, ensureStreams, ensureWorkConsumer, isMissing } from "./streams.ts";
export { isMachineId } from "./subjects.ts";
export { pingBus, pipeDepths } from "./watching.ts";
export {
  isBusError,
  orderWaits,
  publishTrialOrder,
  type TakenOrder,
  takeTrialOrder,
  workingIntervalMs,
} from "./work.ts";
