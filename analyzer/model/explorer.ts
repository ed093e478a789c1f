import { z } from 'zod';

const count = z.int().nonnegative();

/** One kind of connection, for the flow explorer: an interface, who opened, what was called, by whom; replies are part of it. */
export const explorerFlowSchema = z.object({
  interfaceId: z.string().nullable().describe('Null: several interfaces together'),
  opened: z.enum(['inbound', 'outbound', 'unknown']).describe('Who opened the connection, seen from the interface'),
  action: z.enum(['ACCEPT', 'REJECT']),
  protocol: z.string(),
  port: z
    .int()
    .nullable()
    .describe(
      'The called port (of an unknown opener the lower one); null where the protocol has none, or several are told together',
    ),
  peer: z.string().nullable().describe('The other end; null: several together'),
  records: count,
  bytes: count,
  periods: z
    .array(z.tuple([count, count, count]))
    .describe('[period, records, bytes]; periods without records are left out'),
});
export type ExplorerFlow = z.infer<typeof explorerFlowSchema>;

/**
 * What the records were, bounded: the flows with the most records one by one, the rest told together by port, protocol and interface,
 * so that sums over `flows` are the sums over all records.
 */
export const explorerSchema = z.object({
  firstDay: z.iso.date(),
  periodDays: z.int().positive().describe('Days of one period; the first begins on firstDay'),
  periods: z.int().positive(),
  accepted: z.object({ records: count, bytes: count }),
  rejected: z
    .object({ records: count, bytes: count })
    .describe('Refused records of the last 15 days of the window; the refused flows below are of the same'),
  flows: z.array(explorerFlowSchema).describe('Most records first'),
  together: count.describe('Flows that are told together with others'),
});
export type Explorer = z.infer<typeof explorerSchema>;
