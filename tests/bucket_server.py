"""An S3-compatible server on loopback, in a process of its own.

python -m tests.bucket_server

It prints its port, and ends when its standard input does.
"""

import logging
import sys

from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)  # noqa: T201 - read by the process that started it
    sys.stdin.read()
