import { AthenaClient } from '@aws-sdk/client-athena';
import { S3Client } from '@aws-sdk/client-s3';
import type { FlowStore } from '../ledger.ts';
import { type AthenaStoreOptions, openAthenaStore } from './store.ts';

/** The Athena store of a region, with the credentials that the AWS SDK finds. */
export function connectAthenaStore(region: string, options: Omit<AthenaStoreOptions, 'client' | 's3'>): FlowStore {
  return openAthenaStore({ ...options, client: new AthenaClient({ region }), s3: new S3Client({ region }) });
}
