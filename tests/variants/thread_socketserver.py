"""Assignment 2, right, with nothing but the standard library's server. Usage: thread_socketserver.py PORT DELAY"""

import signal
import socketserver
import sys
import threading
import time

BODY = b"My first web server!"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY)
DELAY = float(sys.argv[2])


class Greeter(socketserver.StreamRequestHandler):
    timeout = 5  # seconds for each line

    def handle(self) -> None:
        try:
            lines = self.head()
            if lines:
                print(threading.current_thread().name, lines[0].decode("latin-1").strip(), flush=True)
                time.sleep(DELAY)
                self.wfile.write(HEAD + BODY)
        except OSError as error:
            print(threading.current_thread().name, error, flush=True)

    def head(self) -> list[bytes]:
        lines = []
        while (line := self.rfile.readline(30_000)) != b"\r\n":
            if not line:
                return []
            lines.append(line)
        return lines


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128


with Server(("127.0.0.1", int(sys.argv[1])), Greeter) as server:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
