// What is installed and where, and which words may stand in a unit. Pure.
import { OzoneError } from "@ozone/shared/errors";

/** What a person chose. */
export interface InstallChoice {
  readonly user: string;
  /** Folder of the program and of the record of what was made. */
  readonly prefix: string;
  /** OZONE_DATA_DIR of the agent. */
  readonly dataDir: string;
  /** The Node that runs it. */
  readonly node: string;
  readonly start: boolean;
}

export const UNIT = "ozone-agent.service";

/** Paths of one installation. */
export interface Places {
  readonly program: string;
  readonly record: string;
  readonly unit: string;
  /** Settings and secrets; read by systemd as root, never in the unit. */
  readonly settings: string;
  readonly settingsFolder: string;
}

/** Where everything lies. */
export const placesOf = ({ prefix }: Pick<InstallChoice, "prefix">): Places => ({
  program: `${prefix}/ozone-agent.mjs`,
  record: `${prefix}/installed.json`,
  unit: `/etc/systemd/system/${UNIT}`,
  settings: "/etc/ozone/agent.env",
  settingsFolder: "/etc/ozone",
});

const USER = /^[a-z_][a-z0-9_-]{0,30}$/;
/** systemd gives %, $, quotes, backslashes and blanks a meaning of its own: none of them gets into a unit. */
const PATH = /^(?:\/[A-Za-z0-9._+@-]+)+$/;
/** The unit sees none of these (ProtectHome=, PrivateTmp=). */
const HIDDEN = /^\/(?:home|root|run\/user|tmp|var\/tmp)(?:\/|$)/;

/** @throws OzoneError invalid_input with what to write instead */
export function checkChoice(choice: InstallChoice): void {
  const refuse = (sentence: string): never => {
    throw new OzoneError("invalid_input", sentence);
  };
  if (!USER.test(choice.user)) refuse(`${JSON.stringify(choice.user)} can't be the name of a user.`);
  if (choice.user === "root") refuse("The agent needs no root: name another user with --user.");
  const paths = { "--prefix": choice.prefix, "--data-dir": choice.dataDir, "--node": choice.node };
  for (const [flag, path] of Object.entries(paths)) {
    if (!PATH.test(path) || /\/\.{1,2}(?:\/|$)/.test(path))
      refuse(
        `${flag} ${JSON.stringify(path)}: write an absolute path of letters, digits and . _ + @ - alone.`,
      );
    if (HIDDEN.test(path))
      refuse(
        `${flag} ${path} lies where the unit can't see it (homes and /tmp are closed to it); name another.`,
      );
  }
  if (["/etc", "/usr", "/var", "/opt", "/var/lib", "/srv"].includes(choice.dataDir))
    refuse(`--data-dir ${choice.dataDir} is a folder of the system; name one of Ozone's own.`);
}
