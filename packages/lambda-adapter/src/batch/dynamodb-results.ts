import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { awsError, loadDynamoDb } from './aws-sdk.js';
import type { PhotoResult, PhotoSource } from './photo-result.js';
import type { Kept, ResultStore } from './result-store.js';
import { TransientError } from './transient-error.js';

/** An item of the table, whose partition key is the text `photo`. */
interface Item {
  /** `s3://BUCKET/KEY` */
  readonly photo: string;
  /** Which version of it, with what became of it: changes with every write. */
  readonly revision: string;
  readonly source: PhotoSource;
  readonly status: PhotoResult['status'];
  readonly caption?: string;
  readonly confidence?: number;
  readonly error?: string;
  /** The whole result, as in the `.json` of S3. */
  readonly result: string;
}

/** One item for each photo, with the caption as an attribute of its own. */
export function createDynamoDbResults(client: DynamoDBDocumentClient, table: string): ResultStore {
  const { GetCommand, PutCommand } = loadDynamoDb().document;
  return {
    name: `dynamodb://${table}`,
    async find(photo, abortSignal) {
      const Key = { photo: `s3://${photo.bucket}/${photo.key}` };
      try {
        const { Item } = await client.send(
          new GetCommand({ TableName: table, Key, ConsistentRead: true }),
          { abortSignal },
        );
        return Item && kept(Item as Item);
      } catch (error) {
        throw storeError('read', table, Key.photo, error);
      }
    },
    async put(result, over, abortSignal) {
      const Item = item(result);
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item,
            ...(over
              ? {
                  ConditionExpression: '#revision = :revision',
                  ExpressionAttributeNames: { '#revision': 'revision' },
                  ExpressionAttributeValues: { ':revision': over.token },
                }
              : {
                  ConditionExpression: 'attribute_not_exists(#photo)',
                  ExpressionAttributeNames: { '#photo': 'photo' },
                }),
          }),
          { abortSignal },
        );
        return true;
      } catch (error) {
        if (awsError(error).name === 'ConditionalCheckFailedException') return false;
        throw storeError('write', table, Item.photo, error);
      }
    },
  };
}

function item(result: PhotoResult): Item {
  const { bucket, key, versionId, etag, lastModified } = result.photo;
  return {
    photo: `s3://${bucket}/${key}`,
    revision: [versionId, etag, lastModified, result.status].join(' '),
    source: result.photo,
    status: result.status,
    ...(result.status === 'captioned'
      ? { caption: result.caption, confidence: result.confidence }
      : { error: result.error.code }),
    result: JSON.stringify(result),
  };
}

function kept({ source, error, revision, result }: Item): Kept {
  return {
    photo: source,
    code: error ?? null,
    token: revision,
    result: JSON.parse(result) as PhotoResult,
  };
}

function storeError(verb: 'read' | 'write', table: string, photo: string, error: unknown) {
  const { name, status } = awsError(error);
  return new TransientError(
    name || 'STORE_FAILED',
    `Cannot ${verb} the item of ${photo} in the DynamoDB table ${table} (${name}, ${status}). The function’s role needs dynamodb:GetItem and dynamodb:PutItem, and the table the partition key "photo" (S).`,
    { cause: error },
  );
}
