import { clientSettings, loadDynamoDb, loadS3 } from './aws-sdk.js';
import { createDynamoDbResults } from './dynamodb-results.js';
import { createObjectReader, type ObjectReader } from './photo-object.js';
import type { ResultStore } from './result-store.js';
import { createS3Results } from './s3-results.js';
import type { BatchSettings } from './settings.js';

/** Connections to AWS, as the environment configures the SDK. */
export function connect(settings: BatchSettings): {
  readonly reader: ObjectReader;
  readonly stores: readonly ResultStore[];
} {
  const { results, text, kmsKey, requesterPays } = settings;
  const { S3Client } = loadS3();
  const s3 = new S3Client({
    ...clientSettings,
    followRegionRedirects: true,
    // An endpoint of one's own (a gateway, a test) seldom has a host name for each bucket.
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
  });
  const forms = text ? (['json', 'txt'] as const) : (['json'] as const);
  const stores = results.flatMap((place): ResultStore[] => {
    if (place.kind === 'dynamodb') return [dynamoDb(place.table)];
    const { bucket, prefix } = place;
    return forms.map((form) =>
      createS3Results(s3, { bucket, prefix, form, kmsKey, requesterPays }),
    );
  });
  return { reader: createObjectReader(s3, requesterPays), stores };
}

function dynamoDb(table: string): ResultStore {
  const { client, document } = loadDynamoDb();
  const connection = new client.DynamoDBClient(clientSettings);
  return createDynamoDbResults(document.DynamoDBDocumentClient.from(connection), table);
}
