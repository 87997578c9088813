"""A network that fails on request: a TCP proxy on this machine, for the tests and programs of the cache."""

import asyncio
import socket
import struct
import threading
from types import TracebackType


# --8<-- [start:proxy]
class FaultyNetwork:
    """Stands between a client and `host:port`. `fault` is "", "down", "reset", "silent" or "slow".

    down: nobody listens. reset: connections are accepted and broken off. silent: what is sent arrives nowhere.
    slow: everything comes `latency_seconds` late.
    """

    def __init__(self, host: str, port: int, *, latency_seconds: float = 0.04) -> None:
        self.target = (host, port)
        self.latency_seconds = latency_seconds
        self.fault = ""
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self.fault == "reset":
            _reset(writer)
            return
        there, back = await asyncio.open_connection(*self.target)
        self._writers.add(back)
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self.fault == "slow":
                await asyncio.sleep(self.latency_seconds / 2)
            if self.fault != "silent":
                writer.write(data)
        writer.close()

    async def _set(self, fault: str) -> None:
        self.fault = fault
        if fault in ("down", "reset"):
            while self._writers:
                _reset(self._writers.pop())
        if fault == "down":
            self._server.close()
        elif not self._server.is_serving():
            await self._listen()

    # --8<-- [end:proxy]

    def set(self, fault: str) -> None:
        """From now on the network has this fault; "" mends it."""
        asyncio.run_coroutine_threadsafe(self._set(fault), self._loop).result(timeout=10)

    async def _end(self) -> None:
        await asyncio.sleep(0.01)  # for what was accepted in the last moment
        await self._set("down")
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # the loop closes sockets in its next round

    def __enter__(self) -> "FaultyNetwork":
        self._loop.set_exception_handler(lambda *_: None)  # broken connections are what it is for
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.set("down")
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST, as a crashed machine's successor does."""
    if (line := writer.get_extra_info("socket")) is not None and line.fileno() != -1:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _end_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
