// Given server in Node.js.   usage: node iterative_event_loop.js PORT DELAY
'use strict';
const net = require('node:net');

const [port, delay] = process.argv.slice(2).map(Number);
const BODY = 'My first web server!';
const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/plain',
  `Content-Length: ${Buffer.byteLength(BODY)}`,
  'Connection: close',
  '',
  BODY,
].join('\r\n');

let count = 0;

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  const number = ++count;
  let request = Buffer.alloc(0);
  let answering = false;

  const answer = () => {
    answering = true;
    console.log(`[${number}] ${request.toString('latin1').split('\r\n', 1)[0]}`);
    setTimeout(() => {
      if (socket.destroyed) return;
      socket.end(RESPONSE, () => socket.destroy());
      console.log(`[${number}] answered`);
    }, delay * 1000);
  };

  socket.setTimeout(3000 + delay * 1000, () => socket.destroy());
  socket.on('error', (error) => console.log(`[${number}] ${error.code}`));
  socket.on('end', () => {
    if (!answering) socket.destroy();
  });
  socket.on('data', (piece) => {
    if (answering) return;
    request = Buffer.concat([request, piece]);
    if (request.includes('\r\n\r\n') || request.length >= 30000) answer();
  });
});

server.listen(port, '127.0.0.1', () => console.log(`listening on ${port}`));
process.on('SIGTERM', () => server.close());
