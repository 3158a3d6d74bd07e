// PresetService and ReportService: translate only.
import { create } from "@bufbuild/protobuf";
import { ListPresetsResponseSchema, type PresetService } from "@ozone/proto/preset_service";
import { BuildReportResponseSchema, type ReportService } from "@ozone/proto/report_service";
import { OzoneError } from "@ozone/shared/errors";
import { buildReport } from "../reports/build-report.ts";
import type { Store } from "../store/open-store.ts";
import { listPresets } from "../store/presets.ts";
import { findSweep } from "../store/sweeps.ts";
import type { Handlers } from "./grpc-server.ts";

/** Handlers of the preset service. */
export const presetHandlers = (store: Store): Handlers<typeof PresetService> => ({
  listPresets: async ({ model, hardwareClass, purpose }) =>
    create(ListPresetsResponseSchema, {
      presets: await listPresets(store.db, { model, hardwareClass, purpose }),
    }),
});

/** Handlers of the report service. */
export const reportHandlers = (store: Store, leaseMs: number): Handlers<typeof ReportService> => ({
  async *buildReport({ sweepId }) {
    if (sweepId !== "" && !(await findSweep(store.db, sweepId))) {
      throw new OzoneError("not_found", `There is no sweep ${sweepId}; \`ozone sweep list\` shows them.`);
    }
    for await (const report of buildReport(store, { sweepId, leaseMs })) {
      yield create(BuildReportResponseSchema, { report });
    }
  },
});
