"""A mail server of the tests' own, which takes mails, refuses them or hangs."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

HANGS_FOR = 30  # seconds, longer than anybody waits for it


class Post:
    """What a server has taken, and how it treats what comes."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuses: set[str] = set()
        # Before which command it says nothing any more, such as DATA; "" before its greeting.
        self.hangs_at: str | None = None
        self.port = 0
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.taken]


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.post: Post = self.server.post  # type: ignore[attr-defined]
        if not self._hang(""):
            self._say("220 the tests")
            while self._answer(self.rfile.readline().decode().strip()):
                pass

    def _answer(self, line: str) -> bool:
        command = line[:4].upper()
        if not command or self._hang(command):
            return False
        if command == "RCPT":
            (recipient,) = re.findall("<(.*)>", line)
            self._say("550 nobody" if recipient in self.post.refuses else "250 ok")
        elif command == "DATA":
            self._say("354 go on")
            self._take()
            self._say("250 taken")
        else:
            self._say("221 bye" if command == "QUIT" else "250 ok")
        return command != "QUIT"

    def _take(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        mail = message_from_bytes(b"".join(lines), policy=default)
        self.post.taken.append(cast(EmailMessage, mail))

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def _hang(self, command: str) -> bool:
        return command == self.post.hangs_at and not self.post.closing.wait(HANGS_FOR)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def office() -> Iterator[Post]:
    """A server on a free port of 127.0.0.1, until the end of the block."""
    post = Post()
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.post = post  # type: ignore[attr-defined]
        post.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield post
        finally:
            post.closing.set()
            server.shutdown()
            thread.join()
