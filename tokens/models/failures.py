"""Which networks have failed to log in too often within this minute?

Failures are counted by each process and exchanged through the database twice a second, so the limit
holds across processes and replicas without a query on the way of an answer.
"""

import threading
from datetime import datetime
from ipaddress import ip_address, ip_network

from django.db import connection, models, transaction
from django.utils import timezone

MOST_A_MINUTE = 60
MOST_NETWORKS = 10_000  # that are remembered until they are written
_V6_PREFIX = 64


class Failure(models.Model):
    """How many log-ins failed from a network within a minute."""

    network = models.CharField(max_length=43)
    minute = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["minute", "network"], name="one_count_per_minute")
        ]

    def __str__(self) -> str:
        return f"{self.count} from {self.network}"


_ADD = """
    INSERT INTO tokens_failure (network, minute, count) VALUES (%s, %s, %s)
    ON CONFLICT (minute, network) DO UPDATE SET count = tokens_failure.count + excluded.count
"""


class Throttle:
    """The failures of this minute: what this process saw, and what the others are known to have."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._unwritten: dict[str, int] = {}
        self._written: dict[str, int] = {}

    def is_over(self, address: str, *, now: datetime) -> bool:
        """Whether the address's network had its failures of this minute."""
        network = network_of(address)
        with self._lock:
            self._turn_to(now)
            return self._count(network) >= MOST_A_MINUTE

    def count(self, address: str, *, now: datetime) -> None:
        """Counts one failure."""
        network = network_of(address)
        with self._lock:
            self._turn_to(now)
            if network in self._unwritten or len(self._unwritten) < MOST_NETWORKS:
                self._unwritten[network] = self._unwritten.get(network, 0) + 1

    def write(self, *, now: datetime) -> None:
        """Adds this process's failures to those of all, and learns theirs.

        Raises:
            DatabaseError: nothing was written; the counts are kept.
        """
        with self._lock:
            self._turn_to(now)
            minute, fresh, known = self._minute, dict(self._unwritten), self._written
        if not fresh or minute is None:
            return
        with transaction.atomic():
            totals = _add(fresh, minute)
        with self._lock:
            if self._minute == minute:
                self._written = known | totals
                self._unwritten = {
                    network: count - fresh.get(network, 0)
                    for network, count in self._unwritten.items()
                    if count > fresh.get(network, 0)
                }

    def write_everything(self) -> None:
        self.write(now=timezone.now())

    def _turn_to(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._unwritten, self._written = minute, {}, {}

    def _count(self, network: str) -> int:
        return self._unwritten.get(network, 0) + self._written.get(network, 0)


def _add(counts: dict[str, int], minute: datetime) -> dict[str, int]:
    """Adds the counts to those of all processes, and answers the sums."""
    moment = connection.ops.adapt_datetimefield_value(minute)
    with connection.cursor() as cursor:
        # Sorted, so that two processes take the locks in the same order.
        cursor.executemany(_ADD, [(n, moment, count) for n, count in sorted(counts.items())])
    sums = Failure.objects.filter(minute=minute, network__in=counts)
    return dict(sums.values_list("network", "count"))


throttle = Throttle()


def network_of(address: str) -> str:
    """The address itself for IPv4, its /64 for IPv6: what one client can choose from."""
    if ":" not in address:
        return address
    return str(ip_network((ip_address(address), _V6_PREFIX), strict=False))
