import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BatchRig, startBatchRig } from '../../test/batch-rig.js';
import { sqsBatch } from '../../test/events/object-events.js';
import type { SqsAnswer } from './doors/sqs.js';
import { readBatchSettings } from './settings.js';

/* What the SDK sends for SSE-KMS and for Requester Pays, and what becomes of the errors of either. */

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

let rig: BatchRig;
beforeEach(async () => {
  rig = await startBatchRig();
  rig.s3.put('photos/a.jpg', 'jpeg');
});
afterEach(() => rig.close());

function configure(more: Readonly<Record<string, string>>): void {
  rig.settings = readBatchSettings({ ZIPCAPTION_RESULTS: 's3://results/captions', ...more });
}

async function send(): Promise<number> {
  const event = sqsBatch([{ body: { bucket: 'photos', key: 'a.jpg' } }]);
  return ((await rig.handle(event)) as SqsAnswer).batchItemFailures.length;
}

/** Values of a header in all requests that begin so. */
function sent(request: string, header: string): unknown[] {
  return rig.s3.requests.flatMap((asked, at) =>
    asked.startsWith(request) ? [rig.s3.headers[at]?.[header]] : [],
  );
}

describe('ZIPCAPTION_RESULTS_KMS_KEY', () => {
  it('encrypts every result with the key, also one that replaces another', async () => {
    configure({ ZIPCAPTION_RESULTS_KMS_KEY: KEY, ZIPCAPTION_RESULTS_TEXT: 'on' });
    expect(await send()).toBe(0);
    rig.s3.put('photos/a.jpg', 'another', { lastModified: new Date(Date.now() + 5000) });
    expect(await send()).toBe(0);
    expect(sent('PUT results', 'x-amz-server-side-encryption')).toEqual(Array(4).fill('aws:kms'));
    expect(sent('PUT results', 'x-amz-server-side-encryption-aws-kms-key-id')).toEqual(
      Array(4).fill(KEY),
    );
    // A read names no key: S3 refuses a GET that does.
    expect(sent('GET', 'x-amz-server-side-encryption')).not.toContain('aws:kms');
  });

  it('is left to the bucket by default', async () => {
    expect(await send()).toBe(0);
    expect(sent('PUT results', 'x-amz-server-side-encryption')).toEqual([undefined]);
  });

  it.each([
    ['GET photos', 403, 'AccessDenied', 'kms:Decrypt'],
    ['GET photos', 400, 'KMS.DisabledException', 'KMS.DisabledException'],
    ['PUT results', 403, 'AccessDenied', 'kms:GenerateDataKey'],
    ['PUT results', 400, 'KMS.KMSInvalidStateException', 'KMS.KMSInvalidStateException'],
  ])(
    'that cannot be used at %s (%s %s) is no fault of the photo: it is tried again',
    async (asked, status, code, said) => {
      configure({ ZIPCAPTION_RESULTS_KMS_KEY: KEY });
      rig.s3.intercept = (request) => (request.startsWith(asked) ? { status, code } : undefined);
      expect(await send()).toBe(1);
      expect(rig.result('a.jpg')).toBeUndefined();
      expect(JSON.stringify(rig.lines())).toContain(said);
      rig.s3.intercept = () => undefined;
      expect(await send()).toBe(0);
      expect(rig.result('a.jpg')).toMatchObject({ status: 'captioned' });
    },
  );
});

describe('ZIPCAPTION_REQUESTER_PAYS', () => {
  it('says at every call who pays', async () => {
    configure({ ZIPCAPTION_REQUESTER_PAYS: 'on' });
    expect(await send()).toBe(0);
    expect(rig.s3.requests.length).toBeGreaterThan(2);
    expect(sent('', 'x-amz-request-payer')).toEqual(rig.s3.requests.map(() => 'requester'));
  });

  it('pays for nothing by default', async () => {
    expect(await send()).toBe(0);
    expect(sent('', 'x-amz-request-payer')).toEqual(rig.s3.requests.map(() => undefined));
  });
});
