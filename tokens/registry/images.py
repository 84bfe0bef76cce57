"""What is a small image made of, and how is it pushed?

After the OCI image specification (a layer, a config, a manifest) and the push section of the OCI
distribution specification.
"""

import gzip
import hashlib
import io
import json
import platform
import struct
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests

SECONDS = 10
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

# What the demo's registry holds: repositories and their tags.
DEMO_IMAGES = {
    "public/indicium": ("2025.1.10", "latest"),
    "public/universal": ("2025.1.10", "latest"),
    "internal/builder": ("2025.1.10",),
}


class PushFailed(Exception):
    """The registry refused a part of an image, or could not be reached."""


@dataclass(frozen=True)
class Image:
    """An image of one layer: the bytes of the layer, the config and the manifest."""

    layer: bytes
    config: bytes
    manifest: bytes


def build(greeting: str, *, machine: str = "") -> Image:
    """An image whose one program prints the greeting and waits until it is told to end."""
    machine = machine or platform.machine()
    program = _program(f"{greeting}\n".encode(), machine)
    tar = _tar({"hello": (program, 0o755), "README": (f"{greeting}\n".encode(), 0o644)})
    layer = gzip.compress(tar, mtime=0)
    config = _json(
        {
            "architecture": ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "created": "2025-01-10T00:00:00Z",
            "config": {"Entrypoint": ["/hello"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(tar)]},
            "history": [
                {"created": "2025-01-10T00:00:00Z", "created_by": "container token portal"}
            ],
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest(config)},
            "layers": [{"mediaType": LAYER, "size": len(layer), "digest": digest(layer)}],
        }
    )
    return Image(layer, config, manifest)


def digest(content: bytes) -> str:
    """As registries name content: ``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def push(
    image: Image, repository: str, tags: tuple[str, ...], *, registry: str, token: str
) -> None:
    """Pushes the image under each tag; what the registry has already is not sent again.

    Args:
        registry: its address, such as ``http://127.0.0.1:5000``.
        token: a grant to pull from and push to the repository.

    Raises:
        PushFailed
    """
    base = f"{registry}/v2/{repository}"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for blob in (image.layer, image.config):
            _push_blob(session, base, blob)
        for tag in tags:
            headers = {"Content-Type": MANIFEST}
            _send(session.put, f"{base}/manifests/{tag}", data=image.manifest, headers=headers)


def _push_blob(session: requests.Session, base: str, blob: bytes) -> None:
    name = digest(blob)
    if _ask(session.head, f"{base}/blobs/{name}").status_code == 200:
        return
    uploads = f"{base}/blobs/uploads/"
    # OCI distribution specification: the place to upload to may be relative.
    place = urljoin(uploads, _send(session.post, uploads).headers.get("Location", ""))
    joint = "&" if "?" in place else "?"
    headers = {"Content-Type": "application/octet-stream"}
    _send(session.put, f"{place}{joint}digest={name}", data=blob, headers=headers)


def _send(
    method: Callable[..., requests.Response],
    url: str,
    *,
    data: bytes = b"",
    headers: dict[str, str] | None = None,
) -> requests.Response:
    answer = _ask(method, url, data=data, headers=headers)
    if not answer.ok:
        raise PushFailed(f"{url} answered {answer.status_code}: {answer.text[:200]}")
    return answer


def _ask(method: Callable[..., requests.Response], url: str, **options: Any) -> requests.Response:
    try:
        return method(url, timeout=SECONDS, **options)
    except requests.RequestException as error:
        raise PushFailed(str(error)) from error


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, indent=2).encode()


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    """The files in a tar that is the same at every build."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def _program(greeting: bytes, machine: str) -> bytes:
    """A static ELF executable: block SIGTERM; write(1, greeting); sigtimedwait for it; exit(0).

    As the first process of a container it would ignore SIGTERM if it did not wait for it.
    """
    make = {"x86_64": _x86_64, "aarch64": _aarch64}.get(machine)
    if make is None:
        raise ValueError(f"no demo program is known for {machine}")
    number, code = make(greeting)
    base, headers = 0x400000, 64 + 56
    entry = base + headers
    size = headers + len(code)
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    elf = identity + struct.pack(
        "<HHIQQQIHHHHHH", 2, number, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    return elf + segment + code


# The set of signals that holds SIGTERM (15) alone, as the kernel has it: bit 14.
_SIGTERM = struct.pack("<Q", 1 << 14)


def _x86_64(greeting: bytes) -> tuple[int, bytes]:
    """Machine number 62. Data stands behind the code and is addressed relative to it."""
    length = 85
    greeting_at, signals_at = length + 8, length
    code = b"".join(
        [
            b"\xb8\x0e\x00\x00\x00",  # mov eax, 14 (rt_sigprocmask)
            b"\x31\xff",  # xor edi, edi (SIG_BLOCK)
            b"\x48\x8d\x35" + struct.pack("<i", signals_at - 14),  # lea rsi, [signals]
            b"\x31\xd2",  # xor edx, edx
            b"\x41\xba\x08\x00\x00\x00",  # mov r10d, 8
            b"\x0f\x05",  # syscall
            b"\xb8\x01\x00\x00\x00",  # mov eax, 1 (write)
            b"\xbf\x01\x00\x00\x00",  # mov edi, 1
            b"\x48\x8d\x35" + struct.pack("<i", greeting_at - 41),  # lea rsi, [greeting]
            b"\xba" + struct.pack("<i", len(greeting)),  # mov edx, length
            b"\x0f\x05",  # syscall
            b"\xb8\x80\x00\x00\x00",  # mov eax, 128 (rt_sigtimedwait)
            b"\x48\x8d\x3d" + struct.pack("<i", signals_at - 60),  # lea rdi, [signals]
            b"\x31\xf6",  # xor esi, esi
            b"\x31\xd2",  # xor edx, edx (no time limit)
            b"\x41\xba\x08\x00\x00\x00",  # mov r10d, 8
            b"\x0f\x05",  # syscall
            b"\xb8\x3c\x00\x00\x00",  # mov eax, 60 (exit)
            b"\x31\xff",  # xor edi, edi
            b"\x0f\x05",  # syscall
        ]
    )
    code = code.ljust(length, b"\x90")
    return 62, code + _SIGTERM + greeting


def _aarch64(greeting: bytes) -> tuple[int, bytes]:
    """Machine number 183."""
    count = 20
    signals_at, greeting_at = count * 4, count * 4 + 8

    def mov(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    def adr(register: int, target: int, at: int) -> int:
        offset = target - at * 4
        return 0x10000000 | (offset & 3) << 29 | (offset >> 2) << 5 | register

    svc = 0xD4000001
    words = [
        *(mov(8, 135), mov(0, 0), adr(1, signals_at, 2), mov(2, 0), mov(3, 8), svc),  # sigprocmask
        *(mov(8, 64), mov(0, 1), adr(1, greeting_at, 8), mov(2, len(greeting)), svc),  # write
        *(
            mov(8, 137),
            adr(0, signals_at, 12),
            mov(1, 0),
            mov(2, 0),
            mov(3, 8),
            svc,
        ),  # sigtimedwait
        *(mov(8, 93), mov(0, 0), svc),  # exit
    ]
    return 183, b"".join(struct.pack("<I", word) for word in words) + _SIGTERM + greeting
