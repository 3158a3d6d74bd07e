// For vitest.config.ts, which is type-checked.
import type { Plugin } from "vitest/config";

export function mutantPlugins(name?: string): Plugin[];
