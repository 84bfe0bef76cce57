"""Who asks at a pace, and where wrk is not installed? Python, which takes more of the machine."""

import asyncio
import random
import time
from itertools import count
from statistics import quantiles
from urllib.parse import urlsplit

from bench.load import AGENT, Answers, Load

ANSWERED_WITHIN = 2  # seconds


def ask(load: Load, *, per_second: int = 0) -> Answers:
    """Asks as fast as it is answered, or at a pace."""
    pause = load.connections / per_second if per_second else 0
    return asyncio.run(Client(load, pause).ask())


class Client:
    """The connections of one load: each pauses, asks, reads the answer and begins again."""

    def __init__(self, load: Load, pause: float) -> None:
        self.load = load
        self.pause = pause
        self.address = urlsplit(load.url)
        self.lines = load.headers.read_text().splitlines()
        self.turn = count(load.offset)
        self.until = time.monotonic() + load.seconds
        self.times: list[float] = []
        self.refused = self.lost = 0

    async def ask(self) -> Answers:
        started = time.monotonic()
        await asyncio.gather(*(self._keep_asking() for _ in range(self.load.connections)))
        seconds = time.monotonic() - started
        cuts = quantiles([1000 * taken for taken in self.times], n=100)
        return Answers(len(self.times), seconds, self.refused, self.lost, cuts[49], cuts[98])

    async def _keep_asking(self) -> None:
        while await self._is_time_left():
            try:
                await self._connection()
            except (OSError, EOFError, TimeoutError):
                self.lost += 1

    async def _is_time_left(self) -> bool:
        left = self.until - time.monotonic()
        await asyncio.sleep(min(random.uniform(0, 2 * self.pause), max(left, 0)))
        return time.monotonic() < self.until

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection(self.address.hostname, self.address.port)
        try:
            await asyncio.wait_for(self._request(reader, writer), ANSWERED_WITHIN)
            while await self._is_time_left():
                await asyncio.wait_for(self._request(reader, writer), ANSWERED_WITHIN)
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started = time.monotonic()
        credential = self.lines[next(self.turn) % len(self.lines)]
        writer.write(
            f"GET {self.address.path}?{self.address.query} HTTP/1.1\r\n"
            f"Host: {self.address.netloc}\r\nUser-Agent: {AGENT}\r\n"
            f"Authorization: {credential}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        await reader.readexactly(int(fields["Content-Length"]))
        self.times.append(time.monotonic() - started)
        self.refused += not head.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3"))
