// Operating systems, and code that differs by them: each such decision names all of them, so that none is forgotten.
// `npm run check` refuses any other comparison of platforms in the agent, the command line and here.

/** What the decisions know apart; "other" is any other Unix. */
export type Platform = "linux" | "macos" | "windows" | "other";

/** From Node's name (`process.platform`). */
export function platformOf(name: string): Platform {
  switch (name) {
    case "linux":
      return "linux";
    case "darwin":
      return "macos";
    case "win32":
      return "windows";
    default:
      return "other";
  }
}

/** The branch of a platform by Node's name; the type demands one for each. */
export const onPlatform = <Value>(name: string, branches: Readonly<Record<Platform, Value>>): Value =>
  branches[platformOf(name)];
