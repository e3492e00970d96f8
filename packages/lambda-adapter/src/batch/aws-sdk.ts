import { createRequire } from 'node:module';
import type * as dynamodbClient from '@aws-sdk/client-dynamodb';
import type * as s3 from '@aws-sdk/client-s3';
import type * as dynamodb from '@aws-sdk/lib-dynamodb';
import { CaptionError } from 'zipcaption';

/*
 * The AWS SDK that Lambda's runtime brings along, or one from a layer or node_modules: `require` looks
 * into all of them, `import` does not. It is never part of the bundle.
 */

const fromRuntime = createRequire(import.meta.url);

export const loadS3 = () => load<typeof s3>('@aws-sdk/client-s3');
export const loadDynamoDb = () => ({
  client: load<typeof dynamodbClient>('@aws-sdk/client-dynamodb'),
  document: load<typeof dynamodb>('@aws-sdk/lib-dynamodb'),
});

function load<T>(name: string): T {
  try {
    return fromRuntime(name) as T;
  } catch (cause) {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      `The batch needs the package ${name}. Lambda’s managed Node runtimes have it; elsewhere install it.`,
      { cause },
    );
  }
}

/**
 * Three attempts with the SDK's own back-off. A connection on which nothing comes for long is given up:
 * what stalls for ten seconds is quicker to ask for anew.
 */
export const clientSettings = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 },
} as const;

/** Name and HTTP status of an error of the SDK. */
export function awsError(error: unknown): { readonly name: string; readonly status: number } {
  const { name = '', $metadata } = (error ?? {}) as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  return { name: String(name), status: $metadata?.httpStatusCode ?? 0 };
}
