"""Open pages: a process that keeps event streams open and reads what arrives, and does nothing with it.

Arguments: the server's port, and how many streams each of the names after it has. It tells when all are open.
"""

import selectors
import socket
import sys

_OPENED = b"retry:"


def main() -> None:
    port, each, *names = sys.argv[1:]
    selector = selectors.DefaultSelector()
    for name in names:
        for _ in range(int(each)):
            stream = socket.create_connection(("127.0.0.1", int(port)))
            stream.sendall(
                f"GET /playground/events?me={name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
            )
            begun = b""
            while _OPENED not in begun:
                begun += stream.recv(65_536)
            selector.register(stream, selectors.EVENT_READ)
    print("listening", flush=True)
    while True:
        for key, _ in selector.select():
            assert isinstance(key.fileobj, socket.socket)
            if not key.fileobj.recv(65_536):
                selector.unregister(key.fileobj)


if __name__ == "__main__":
    main()
