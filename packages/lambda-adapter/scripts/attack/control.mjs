// A server that does nothing else: how long it takes to answer is what the machine and the attacking
// process need by themselves.
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('{}'));
server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.on('disconnect', () => process.exit());
