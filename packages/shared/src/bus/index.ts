// The bus: the only importer of the NATS client.
export { type Bus, type BusOptions, connectBus } from "./connect.ts";
export {
  announce,
  askAboutApplying,
  onAnnouncement,
  onApplyingQuestion,
  onHeartbeat,
  sendHeartbeat,
} from "./control.ts";
export {
  type ArrivedResult,
  decodeResult,
  encodeResult,
  fetchResults,
  onReceipt,
  publishReceipt,
  publishResultBytes,
} from "./results.ts";
export { ensureStreams, ensureWorkConsumer, isMissing } from "./streams.ts";
export { isMachineId } from "./subjects.ts";
export {
  isBusError,
  publishTrialOrder,
  type TakenOrder,
  takeTrialOrder,
  workingIntervalMs,
} from "./work.ts";
