import type { SourceLanguage } from '../contract.ts';
import { secondOpinion } from './adapters/second-opinion.ts';
import { loadHclParser } from './adapters/tree-sitter.ts';
import { terraformLanguage } from './language.ts';

/** Terraform and OpenTofu sources. Loads the grammar (two WebAssembly files) once; afterwards index and edit are pure and synchronous. */
export async function createTerraformLanguage(): Promise<SourceLanguage> {
  return terraformLanguage(await loadHclParser(), secondOpinion);
}
