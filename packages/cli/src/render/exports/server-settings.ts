// The settings of a preset that belong to the server's environment.
import type { Preset } from "@ozone/proto/preset";
import { serverVariables } from "@ozone/shared/derived-model";
import { OzoneError } from "@ozone/shared/errors";

/** One variable of the server's environment. */
export interface ServerSetting {
  readonly name: string;
  readonly value: string;
}

/** What comes from elsewhere and goes into a shell, a unit or a property list is a plain word, or nothing. */
const PLAIN_WORD = /^[A-Za-z0-9_.-]+$/;

/** Variables that the preset was measured with; none where it needs nothing of the server. */
export function serverSettings({ configuration }: Preset): ServerSetting[] {
  const variables = configuration ? serverVariables(configuration) : {};
  const settings = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const odd = settings.find(({ value }) => !PLAIN_WORD.test(value));
  if (odd)
    throw new OzoneError(
      "invalid_input",
      `The preset asks for a ${odd.name} that no server can have been given.`,
    );
  return settings;
}
