"""How does a kubelet pull? With one call of its interface to runtimes, at containerd's socket."""

import grpc

from tests.real.programs import WITHIN, Outcome

PULL_IMAGE = "/runtime.v1.ImageService/PullImage"


def pull(address: str, image: str) -> Outcome:
    """Pulls for a pod without ``imagePullSecrets``; says what ``crictl pull`` says."""
    request = _message(1, _message(1, image.encode()))  # PullImageRequest.image.image
    with grpc.insecure_channel(f"unix://{address}") as channel:
        try:
            answer: bytes = channel.unary_unary(PULL_IMAGE)(request, timeout=WITHIN)
        except grpc.RpcError as error:
            return Outcome(1, error.details())
    return Outcome(0, f"Image is up to date for {answer[2:].decode()}")


def _message(field: int, content: bytes) -> bytes:
    """A field of bytes in the encoding of Protocol Buffers, short enough for one byte of length."""
    assert len(content) < 128
    return bytes([field << 3 | 2, len(content)]) + content
