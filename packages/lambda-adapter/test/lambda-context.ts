import type { LambdaContext } from '../src/lambda/context.js';

export function lambdaContext(timeLeft = 30_000): LambdaContext {
  return {
    awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
    functionName: 'zipcaption',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:zipcaption',
    memoryLimitInMB: '1769',
    getRemainingTimeInMillis: () => timeLeft,
  };
}
