// The server's settings of a preset in the forms of three systems.
import type { Preset } from "@ozone/proto/preset";
import { OzoneError } from "@ozone/shared/errors";
import { presetId } from "../../presets/preset-id.ts";
import { presetNotes } from "./preset-notes.ts";
import { type ServerSetting, serverSettings } from "./server-settings.ts";

/** @throws OzoneError not_found when there is nothing to set. */
function required(preset: Preset): ServerSetting[] {
  const settings = serverSettings(preset);
  if (settings.length > 0) return settings;
  throw new OzoneError(
    "not_found",
    `Preset ${presetId(preset)} needs no setting of the server; its options go into the model or the request: use --format modelfile, curl or client.`,
  );
}

const comment = (lines: readonly string[], sign: string): string =>
  lines.map((line) => `${sign} ${line}\n`).join("");

/** A drop-in for the unit of a Linux server. */
export function systemdDropIn(preset: Preset): string {
  const notes = presetNotes(preset, [
    "Save as /etc/systemd/system/ollama.service.d/ozone.conf, then: systemctl daemon-reload && systemctl restart ollama",
    "Undo: remove that file and do the same again.",
  ]);
  const lines = required(preset).map(({ name, value }) => `Environment="${name}=${value}"\n`);
  return `${comment(notes, "#")}[Service]\n${lines.join("")}`;
}

/** A launch agent that sets the variables for programs started later, as Ollama's app for macOS reads them. */
export function launchAgent(preset: Preset): string {
  const notes = presetNotes(preset, [
    "Save as ~/Library/LaunchAgents/ozone.ollama-settings.plist, then: launchctl load -w THAT-FILE, and start Ollama again.",
    `Undo: launchctl unload -w THAT-FILE, remove it, ${required(preset)
      .map(({ name }) => `launchctl unsetenv ${name}`)
      .join(", ")}, and start Ollama again.`,
  ]);
  const command = required(preset)
    .map(({ name, value }) => `launchctl setenv ${name} ${value}`)
    .join(" &amp;&amp; ");
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!--
${notes.map(inXmlComment).join("\n")}
-->
<plist version="1.0">
<dict>
  <key>Label</key><string>ozone.ollama-settings</string>
  <key>ProgramArguments</key>
  <array>
    <string>/bin/sh</string>
    <string>-c</string>
    <string>${command}</string>
  </array>
  <key>RunAtLoad</key><true/>
</dict>
</plist>
`;
}

/** Two hyphens would end the comment early, one at its end spoils it. */
const inXmlComment = (line: string): string => `  ${line.replace(/-(?=-|$)/g, "- ")}`;

/** Commands for a Windows command prompt. */
export function windowsCommands(preset: Preset): string {
  const settings = required(preset);
  const notes = presetNotes(preset, [
    "Run in a command prompt, then quit Ollama in the task bar and start it again.",
    ...settings.map(({ name }) => `Undo: reg delete HKCU\\Environment /v ${name} /f`),
  ]);
  const lines = settings.map(({ name, value }) => `setx ${name} ${value}\n`);
  return `${comment(notes, "rem")}${lines.join("")}`;
}
