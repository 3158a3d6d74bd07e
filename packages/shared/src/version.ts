// Ozone's version, in one place for every process. scripts/check.mjs compares it with package.json.

/** Semantic version of this build. */
export const OZONE_VERSION = "0.1.0";
