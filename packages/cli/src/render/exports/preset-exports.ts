// The forms that hold one preset, by the name that is typed for them.
import type { Preset } from "@ozone/proto/preset";
import { modelFile } from "./model-file.ts";
import { clientModule, curlCommand } from "./requests.ts";
import { launchAgent, systemdDropIn, windowsCommands } from "./server-forms.ts";

/** `server` is the base address of the Ollama that is asked. @throws OzoneError where the preset has no such form. */
export const PRESET_EXPORTS: Readonly<Record<string, (preset: Preset, server: string) => string>> = {
  modelfile: modelFile,
  systemd: systemdDropIn,
  launchd: launchAgent,
  setx: windowsCommands,
  curl: curlCommand,
  client: clientModule,
};
