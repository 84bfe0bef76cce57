"""What does a request cost at each layer? ``python -m bench.layers`` adds up processor times.

Proxy, portal, PostgreSQL and registry run on this machine and are asked through TLS; the time that
each spent on its processors is divided by the number of answers.
"""

import base64
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import wrk
from bench.load import Load
from bench.processes import child_named, of_tree
from bench.revocation import ACCEPT, MANIFEST, Holder
from bench.servers import REALM
from tests import postgres, proxy
from tests.stack import Credential, Stack, free_port, running

CONNECTIONS = 16
SECONDS = 8
SETTLES = 3  # seconds in which what is noted is written, and what was pulled is told
COLUMNS = ("proxy", "portal", "PostgreSQL", "registry")

CADDYFILE = """
{{
    admin off
    skip_install_trust
    auto_https disable_redirects
}}
(all) {{
    tls internal
    handle /auth/* {{
        reverse_proxy {portal}
    }}
}}
https://127.0.0.1:{plain} {{
    import all
    reverse_proxy {registry}
}}
https://127.0.0.1:{checked} {{
    import all
    forward_auth {portal} {{
        uri /auth/check
    }}
    reverse_proxy {registry}
}}
"""


class Case(NamedTuple):
    name: str
    load: Load


def main() -> int:
    if postgres.programs() is None or not proxy.program() or not wrk.is_here():
        print("The layers are not measured: PostgreSQL, Caddy and wrk are needed.")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="portal-layers-"))
    with (
        postgres.serving() as server,
        running(folder, DATABASE_URL=server.url) as stack,
        _proxy(stack, folder) as (caddy, ports),
    ):
        pids = [caddy, _portal(stack), server.pid, _registry(stack)]
        print(f"{'milliseconds of a processor':46}" + "".join(f"{name:>12}" for name in COLUMNS))
        for case in _cases(stack, folder, *ports):
            print(f"{case.name:46}" + "".join(f"{cost:12.3f}" for cost in _costs(case, pids)))
    return 0


def _portal(stack: Stack) -> int:
    return int((stack.var_dir / "portal.pid").read_text())


def _registry(stack: Stack) -> int:
    return child_named(stack.process.pid, "docker-registry", "registry")


@contextmanager
def _proxy(stack: Stack, folder: Path) -> Iterator[tuple[int, tuple[int, int]]]:
    """Caddy with TLS on two ports, without and with its question about each request."""
    plain, checked = free_port(), free_port()
    places = {"portal": stack.portal, "registry": f"http://{stack.registry}"}
    text = CADDYFILE.format(plain=plain, checked=checked, **places)
    with proxy.serving(text, folder, f"https://127.0.0.1:{plain}") as process:
        yield process.pid, (plain, checked)


def _cases(stack: Stack, folder: Path, plain: int, checked: int) -> Iterator[Case]:
    person = stack.sign_in()
    credential = person.request_token()
    basic = _written(folder / "basic", f"Basic {_pair(credential)}")
    there, direct = f"https://127.0.0.1:{plain}", stack.portal
    yield Case("realm, without a proxy", _load(direct + REALM, basic))
    yield Case("realm, over connections that are kept", _load(there + REALM, basic))
    once = ("Connection: close",)
    yield Case("realm, a connection with TLS for each", _load(there + REALM, basic, *once))
    holder = Holder(stack.portal, credential)
    bearer = _written(folder / "bearer", holder.authorization)
    accept = f"Accept: {ACCEPT}"
    yield Case("manifest, told to the portal", _load(there + MANIFEST, bearer, accept))
    asked = f"https://127.0.0.1:{checked}{MANIFEST}"
    yield Case("manifest, told, REVOCATION_CHECK=on", _load(asked, bearer, accept))


def _pair(credential: Credential) -> str:
    return base64.b64encode(f"{credential.username}:{credential.secret}".encode()).decode()


def _written(file: Path, authorization: str) -> Path:
    file.write_text(f"{authorization}\n")
    return file


def _load(url: str, headers: Path, *lines: str) -> Load:
    return Load(url, headers, CONNECTIONS, SECONDS, lines=lines)


def _costs(case: Case, pids: list[int]) -> list[float]:
    """Milliseconds of a processor that each program spent on an answer."""
    before = [of_tree(pid) for pid in pids]
    answers = wrk.ask(case.load)
    time.sleep(SETTLES)
    assert not answers.refused + answers.lost, f"{case.name}: {answers}"
    spent = [of_tree(pid) - was for pid, was in zip(pids, before, strict=True)]
    return [1000 * seconds / answers.answers for seconds in spent]


if __name__ == "__main__":
    sys.exit(main())
