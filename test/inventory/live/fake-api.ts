import type { AwsApi, OperationInputs, OperationName, Place } from '../../../analyzer/inventory/live/operations.ts';

export interface Call {
  operation: OperationName;
  place: Place;
  input: Record<string, unknown>;
}

type Answer = Record<string, unknown> | Error;

/** AWS by hand: `answer` says what each call gets; calls are kept in order. What it does not know is an empty answer. */
export function fakeApi(
  answer: (call: Call) => Answer | undefined,
  homeRegion: string | null = 'eu-west-1',
): AwsApi & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    async call<K extends OperationName>(place: Place, operation: K, input: OperationInputs[K]) {
      const call: Call = { operation, place, input: { ...input } };
      calls.push(call);
      const given = answer(call) ?? {};
      if (given instanceof Error) throw given;
      return given;
    },
    homeRegion: async () => homeRegion,
  };
}

/** An error as the SDK throws it. */
export function awsError(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name });
}

export const PLACE = { accountId: '111122223333', roleArn: null, region: 'eu-west-1' };
export const NEVER = new AbortController().signal;
