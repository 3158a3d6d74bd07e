// signed/<model>.jsonl: one line per result that its machine signed, as it was signed. `ozone report verify` checks it, and so
// can anybody with an Ed25519 library.
import { fromBinary } from "@bufbuild/protobuf";
import type { SignedResult } from "@ozone/proto/report";
import { TrialResultSchema } from "@ozone/proto/trial";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** What is signed, by model name. */
export function signedByModel(signed: readonly SignedResult[]): ReadonlyMap<string, string> {
  const lines = new Map<string, string[]>();
  for (const { payload, signature, publicKey } of signed) {
    const { trialId, attempt, machineId, modelName } = fromBinary(TrialResultSchema, payload);
    const about = { trial_id: trialId, attempt, machine_id: machineId, public_key: publicKey };
    const line = JSON.stringify({ ...about, signature: base64(signature), result: base64(payload) });
    lines.set(modelName, [...(lines.get(modelName) ?? []), line]);
  }
  return new Map([...lines].map(([modelName, all]) => [modelName, all.map((line) => `${line}\n`).join("")]));
}
