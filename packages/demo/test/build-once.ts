import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { build } from '../scripts/build.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The built page's folder. */
    readonly page: string;
    /** Every file that went into its scripts. */
    readonly inputs: readonly string[];
    /** The model's folder. */
    readonly model: string;
  }
}

/** Another model folder and a core that is already compiled, for work on the page alone. */
const { ZIPCAPTION_MODEL, ZIPCAPTION_SKIP_CORE } = process.env;

export default async function buildOnce(project: TestProject): Promise<() => Promise<void>> {
  const out = await mkdtemp(join(tmpdir(), 'zipcaption-demo-'));
  const model = ZIPCAPTION_MODEL ?? join(import.meta.dirname, '../../../models/lite');
  const { inputs } = await build({ out, model, skipCore: ZIPCAPTION_SKIP_CORE !== undefined });
  project.provide('page', out);
  project.provide('inputs', inputs);
  project.provide('model', model);
  return () => rm(out, { recursive: true, force: true });
}
