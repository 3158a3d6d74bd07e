// The door of the scripted Ollama: start one, script it, list its lies.

export type { LieNeeds } from "./lies/hooks.ts";
export type {
  Fault,
  FaultName,
  Lie,
  LieFamily,
  LieName,
  LieSetting,
  ListedLie,
  OneBadSample,
} from "./lies/lie.ts";
export { LIES } from "./lies/lie.ts";
export type { Pace, PaceCurve, PacePoint } from "./pace.ts";
export { flatPace, physicalPace } from "./pace.ts";
export type { PaceRecording, RecordedSample } from "./pace-recording.ts";
export { parsePaceRecording } from "./pace-recording.ts";
export { RECORDINGS } from "./recordings.ts";
export type { Jitter, Script, ScriptChange, ServerSettings } from "./script.ts";
export { defaultScript } from "./script.ts";
export type { Architecture, Quantization, ScriptedModel, ScriptedTensor } from "./scripted-model.ts";
export { scriptedModel } from "./scripted-model.ts";
export type { ScriptedOllama } from "./server.ts";
export { startScriptedOllama } from "./server.ts";
export { behavioursOf, compareVersions } from "./versions.ts";
export type { RecordedRequest } from "./world.ts";
