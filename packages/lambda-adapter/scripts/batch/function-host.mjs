// One copy of the function: imports the handler of the packaged zip and runs what its parent sends, as
// Lambda's runtime does. node function-host.mjs FOLDER/batch.mjs
import { pathToFileURL } from 'node:url';

const { handler } = await import(pathToFileURL(process.argv[2]).href);

process.on('message', async ({ id, event, timeLeft }) => {
  const end = Date.now() + timeLeft;
  const context = {
    awsRequestId: String(id),
    functionName: 'zipcaption',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:zipcaption',
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => end - Date.now(),
  };
  try {
    process.send({ id, result: (await handler(event, context)) ?? null });
  } catch (error) {
    process.send({ id, error: { errorType: error.name, errorMessage: error.message } });
  }
});
process.send({ ready: true });
