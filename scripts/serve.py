"""Set up, build the whole site and serve it on this machine, rebuilding as you edit."""

import prepare  # first: it checks the version of Python

import argparse  # isort: skip
import socket
import sys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1 (default: %(default)s)")
    port = parser.parse_args().port
    if not 1 <= port <= 65535:
        parser.error(f"--port {port}: a port is a number from 1 to 65535")
    problem = port_problem(port)
    if problem:
        print(f"serve.py: {problem}", file=sys.stderr)
        return 1
    prepare.enter("site")
    import build

    return build.serve(port)


def port_problem(port: int) -> str:
    """Why `port` of 127.0.0.1 cannot be listened on, with the remedy; empty where it can."""
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return f"port {port} is not open to you. Fix: choose one above 1023, as in --port 8000"
        except OSError:
            other = port + 1 if port < 65535 else 8000
            return f"port {port} is taken, perhaps by another serve.py. Fix: stop it, or --port {other}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
