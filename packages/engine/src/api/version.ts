// The engine's own version, from its package.
import manifest from "../../package.json" with { type: "json" };

/** What /api/version and --version say. */
export const engineVersion: string = manifest.version;
