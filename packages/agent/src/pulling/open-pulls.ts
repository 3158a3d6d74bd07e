// The pulls of a running agent: its desk, its record, and the machine they share with trials.
import { create } from "@bufbuild/protobuf";
import { type PullConsent, PullConsentSchema } from "@ozone/proto/pull";
import { messageOf } from "@ozone/shared/errors";
import { acquireHostLock } from "../machine/host-lock.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { bytesOf } from "./make-room.ts";
import { PullDesk, type PullDeskPorts } from "./pull-desk.ts";
import { pullModel } from "./pull-model.ts";
import type { PullRule } from "./pull-rule.ts";
import { PulledModels } from "./pulled-models.ts";

/** What it works with. */
export interface PullsFacts extends Omit<PullDeskPorts, "pull"> {
  readonly engineUrl: string;
  /** Where the record is kept. */
  readonly folder: string;
  /** What the server does between these two is ours. */
  readonly onBusy: (busy: boolean) => void;
  /** The models have changed. */
  readonly announce: () => Promise<void>;
}

/** Open pulls. */
export interface Pulls extends Pick<PullDesk, "hear" | "interrupt" | "reports" | "close"> {
  /** What is said of it in announcements. */
  consent(): PullConsent;
  /** A trial runs on a model. */
  used(model: string): void;
}

/** Opens them. */
export async function openPulls(rule: PullRule, facts: PullsFacts): Promise<Pulls> {
  const { engineUrl, folder, onBusy, announce, log, ...ports } = facts;
  const pulled = await PulledModels.open(folder, log);
  const engine = new EngineClient(engineUrl);
  const desk = new PullDesk({
    ...ports,
    log,
    async pull(order, { signal, onWait, onProgress }) {
      const lock = await acquireHostLock({ signal, onWait });
      onBusy(true);
      try {
        return await pullModel(order, { engine, rule, pulled, signal, onProgress, log });
      } finally {
        // What is there now is for sweeps to see. Nobody measures meanwhile; a renewal makes up for a failure.
        await announce().catch(() => undefined);
        onBusy(false);
        await lock.release();
      }
    },
  });
  return {
    hear: (orders) => desk.hear(orders),
    interrupt: () => desk.interrupt(),
    reports: () => desk.reports(),
    close: () => desk.close(),
    consent: () =>
      create(PullConsentSchema, {
        diskBytes: BigInt(rule.diskBytes),
        usedBytes: BigInt(bytesOf(pulled.models)),
        mirror: rule.mirror ?? "",
        models: pulled.models.map(({ model }) => model),
      }),
    used: (model) => {
      // A disk that is full just now costs nothing but the order in which models would go.
      pulled.used(model, Date.now()).catch((thrown: unknown) => log(messageOf(thrown)));
    },
  };
}
