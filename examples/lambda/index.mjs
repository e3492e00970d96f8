// An AWS Lambda function behind a Function URL, an API Gateway or a load balancer: POST a photo to
// /caption. Handler: index.handler. Deploy this folder with its node_modules.
export { handler } from '@zipcaption/lambda/function';
