"""What does the portal count of itself? No company and no username stands in a label.

With several workers each writes its counts into files of its own below ``PROMETHEUS_MULTIPROC_DIR``
(set by portal.gunicorn), and whichever is asked sums them up.
"""

import os
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST

realm_answers = Counter(
    "portal_realm_answers", "Requests to the realm, by what they were answered with.", ["outcome"]
)
realm_seconds = Histogram(
    "portal_realm_seconds",
    "How long the realm took to answer.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
sign_ins = Counter(
    "portal_sign_ins",
    "Attempts to sign in, by how they ended: signed_in, failed, or stranger for nobody's address.",
    ["outcome"],
)
leaf_expires = Gauge(
    "portal_leaf_expires_timestamp_seconds",
    "When the first leaf certificate of a running process ends (Unix time).",
    multiprocess_mode="livemin",
)
authority_expires = Gauge(
    "portal_authority_expires_timestamp_seconds",
    "When the signing authority ends (Unix time).",
    multiprocess_mode="livemin",
)
messages_stuck = Gauge(
    "portal_messages_stuck",
    "Mails that wait to be sent for more than ten minutes.",
    multiprocess_mode="livemostrecent",
)


_answers = cache(realm_answers.labels)


def count_realm(outcome: str, *, seconds: float) -> None:
    """Counts an answer of the realm, and how long it took."""
    _answers(outcome).inc()
    realm_seconds.observe(seconds)


def exposition() -> bytes:
    """All of it in the text format of Prometheus."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
