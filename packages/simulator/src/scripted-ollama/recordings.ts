// Recordings of the reference engine's pace, made by bench/record-pace.ts: what it did undisturbed, and beside one busy
// loop per core. Each says in its `source` where it was made and how much others used the machine meanwhile.
import idle from "./fixtures/pace-idle.json" with { type: "json" };
import loaded from "./fixtures/pace-loaded.json" with { type: "json" };
import { parsePaceRecording } from "./pace-recording.ts";

/** The recordings by condition. */
export const RECORDINGS = {
  idle: parsePaceRecording(idle),
  loaded: parsePaceRecording(loaded),
} as const;
