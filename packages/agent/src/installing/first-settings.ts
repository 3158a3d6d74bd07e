// The settings that an installation writes where there are none: all but one are left to people. Pure.

/** systemd's own name for whatever shows a login screen: there, somebody may sit down at any time. */
export const DESKTOP_UNIT = "/etc/systemd/system/display-manager.service";

const GUARD = "OZONE_AGENT_ONLY_WHEN_IDLE=10m";

/** What is said of them after they were written; null: nothing. */
export const guardWords = (hasDesktop: boolean, path: string): string | null =>
  hasDesktop
    ? `This machine has a login screen: trials run only while nobody has used it for 10 minutes (${GUARD} in ${path}).`
    : null;

/** The text of the file. A machine with a login screen is kept for whoever sits at it; a server works. */
export const firstSettings = (hasDesktop: boolean): string =>
  `# Settings of the Ozone agent; docs/operating.md lists them. 0600: what stands here may be secret.
# OLLAMA_HOST=127.0.0.1:11434
# OZONE_NATS_URL=tls://USER:PASSWORD@HOST:4222
# OZONE_NATS_CA=/etc/ozone/ca.pem
# Trials run only while nobody has used the machine for so long; off: whoever is there.
${hasDesktop ? "" : "# "}${GUARD}
# Ozone may pull models into so much room, and removes only what it pulled.
# OZONE_AGENT_PULL_DISK=40GB
`;
