// For vitest.config.ts and the test of the mutants, which are type-checked.
import type { Plugin } from "vitest/config";

export interface Mutant {
  readonly name: string;
  readonly invariant: string;
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[];

export function mutantPlugins(name?: string): Plugin[];
