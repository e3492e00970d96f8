// Works out the hours and dollars of docs/batch.md from measured seconds a photo and list prices. Change a number here and
// write the tables anew.
//
//   node scripts/batch-costs.mjs            prints them
//   node scripts/batch-costs.mjs --write    puts them into docs/batch.md
//   node scripts/batch-costs.mjs --check    fails when docs/batch.md has others
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Seconds of one core for a warm caption of a JPEG of 640×427: README, "What it costs and how fast it is". */
const CORE_SECONDS = 0.054;
/** Seconds of a warm Lambda function of 1769 MB for a photo of 512×512: docs/deploy.md, "What it costs". */
const LAMBDA_SECONDS = 0.076;
/** Seconds for reading a photo from S3 and storing its result; an assumption, not measured. */
const S3_SECONDS = 0.05;
const LAMBDA_GB = 1769 / 1024;

// Dollars, us-east-1, without free tiers.
/** An hour of one core: c7a on demand, of which one vCPU is one core. AWS price list, 18 August 2026. */
const CORE_HOUR = 0.82112 / 16;
/** An hour of an EKS cluster, with a Kubernetes version in standard support. https://aws.amazon.com/eks/pricing/, March 2026 */
const CLUSTER_HOUR = 0.1;
/** Lambda on arm64: docs/deploy.md. */
const LAMBDA_GB_SECOND = 0.0000133334;
const LAMBDA_REQUEST = 0.2e-6;
/** Requests to the class Standard. https://aws.amazon.com/s3/pricing/, 2026 */
const S3_GET = 0.4e-6;
const S3_PUT = 5e-6;

/** Dollars of hosted services for 1,000 photos, each price up to a number of photos a month. */
const HOSTED = [
  // Group 2. https://azure.microsoft.com/en-us/pricing/details/computer-vision/, 23 September 2026
  {
    name: 'Azure AI Vision, Image Analysis: a caption',
    tiers: [
      [1e6, 1.5],
      [Infinity, 0.6],
    ],
  },
  // 258 tokens of photo and 30 of prompt in at $0.10 a million, 25 out at $0.40: https://ai.google.dev/gemini-api/docs/pricing, 7 October 2026
  { name: 'Google Gemini 2.5 Flash-Lite: a caption', tiers: [[Infinity, 0.0288 + 0.01]] },
  // https://cloud.google.com/vision/pricing, May 2026
  {
    name: 'Google Cloud Vision: labels, no caption',
    tiers: [
      [5e6, 1.5],
      [Infinity, 1.0],
    ],
  },
  // https://aws.amazon.com/rekognition/pricing/, 7 October 2026
  {
    name: 'Amazon Rekognition: labels, no caption',
    tiers: [
      [1e6, 1.0],
      [5e6, 0.8],
      [35e6, 0.6],
      [Infinity, 0.4],
    ],
  },
];

/** Dollars for so many photos in one month. */
function hostedDollars(tiers, photos) {
  let before = 0;
  let dollars = 0;
  for (const [end, price] of tiers) {
    const inTier = Math.max(0, Math.min(photos, end) - before);
    dollars += (inTier / 1000) * price;
    before = end;
  }
  return dollars;
}

const COUNTS = [10_000, 1_000_000, 100_000_000];

const onCores = (cores) => (photos) => {
  const hours = (photos * CORE_SECONDS) / cores / 3600;
  return { hours, dollars: hours * cores * CORE_HOUR };
};
const onLambda = (concurrency) => (photos) => {
  const seconds = LAMBDA_SECONDS + S3_SECONDS;
  const each = seconds * LAMBDA_GB * LAMBDA_GB_SECOND + LAMBDA_REQUEST + S3_GET + S3_PUT;
  return { hours: (photos * seconds) / concurrency / 3600, dollars: photos * each };
};
const onPods = (pods, cores) => (photos) => {
  const { hours, dollars } = onCores(pods * cores)(photos);
  return { hours, dollars: dollars + hours * CLUSTER_HOUR };
};

const WAYS = [
  ['one core', onCores(1)],
  ['16 cores, `--jobs 16`', onCores(16)],
  ['an Indexed Job of 16 pods with 2 cores each', onPods(16, 2)],
  ['Lambda, 100 at once', onLambda(100)],
  ['Lambda, 1,000 at once', onLambda(1000)],
];

/** 0.4 s, 12 min, 3 h, 49 days: two digits are all that such a reckoning can mean. */
function time(hours) {
  if (hours < 1 / 60) return `${digits(hours * 3600)} s`;
  if (hours < 1) return `${digits(hours * 60)} min`;
  return hours < 72 ? `${digits(hours)} h` : `${digits(hours / 24)} days`;
}

function digits(value) {
  const rounded = Number(value.toPrecision(2));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 4 });
}

const money = (dollars) => `$${dollars < 1 ? dollars.toPrecision(2) : digits(dollars)}`;
const row = (cells) => `| ${cells.join(' | ')} |`;
const head = ['', ...COUNTS.map((count) => `${count.toLocaleString('en-US')} photos`)];

function tables() {
  const ours = WAYS.map(([name, way]) => {
    const cells = COUNTS.map(way).map(({ hours, dollars }) => `${time(hours)}, ${money(dollars)}`);
    return row([name, ...cells]);
  });
  const hosted = HOSTED.map(({ name, tiers }) => {
    const prices = tiers
      .map(([, price]) => `$${price < 0.1 ? price.toPrecision(2) : price.toFixed(2)}`)
      .join(', then ');
    return row([
      `${name}, ${prices} for 1,000`,
      ...COUNTS.map((count) => money(hostedDollars(tiers, count))),
    ]);
  });
  const line = row(head.map(() => '---'));
  return [row(head), line, ...ours, '', row(['hosted', ...head.slice(1)]), line, ...hosted].join(
    '\n',
  );
}

const BEGIN = '<!-- node scripts/batch-costs.mjs --write -->';
const END = '<!-- end -->';
const page = fileURLToPath(new URL('../docs/batch.md', import.meta.url));
const text = readFileSync(page, 'utf8');
const [before, rest = ''] = text.split(BEGIN);
const after = rest.split(END)[1];
const written = `${before}${BEGIN}\n${tables()}\n${END}${after}`;
if (process.argv.includes('--write')) writeFileSync(page, written);
else if (process.argv.includes('--check')) {
  if (written !== text) {
    console.error(
      'docs/batch.md has other hours and dollars: node scripts/batch-costs.mjs --write',
    );
    process.exitCode = 1;
  }
} else console.log(tables());
