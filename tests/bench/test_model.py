"""Does the simulation agree with what queueing theory knows exactly?"""

from random import Random

import pytest

from bench.model import Client, Simulation, Visit, quantile

MANY = 50_000
NEVER_ENDS = 10**9


def poisson(rate: float, count: int = MANY) -> list[Client]:
    chance, now, clients = Random(7), 0.0, []
    for _ in range(count):
        now += chance.expovariate(rate)
        clients.append(Client(now))
    return clients


def mean(simulation: Simulation) -> float:
    return sum(answer.seconds for answer in simulation.answers) / len(simulation.answers)


def test_one_server_makes_wait_as_in_an_m_m_1() -> None:
    played = Simulation({"s": 1}, [Visit("s", 1)], variation=1).run(poisson(0.5))
    assert mean(played) == pytest.approx(1 / (1 - 0.5), rel=0.05)
    assert played.utilization("s") == pytest.approx(0.5, rel=0.02)


def test_two_servers_make_wait_as_erlang_said() -> None:
    used = 0.6
    waits = 2 * used**2 / (1 + used)  # Erlang's C for two servers
    expected = 1 + waits / (2 * (1 - used))
    played = Simulation({"s": 2}, [Visit("s", 1)], variation=1).run(poisson(2 * used))
    assert mean(played) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("variation", [0.1, 0.5, 2])
def test_variation_makes_wait_as_pollaczek_and_khinchine_said(variation: float) -> None:
    used = 0.5
    expected = 1 + used / (1 - used) * (1 + variation**2) / 2
    played = Simulation({"s": 1}, [Visit("s", 1)], variation=variation).run(poisson(used))
    assert mean(played) == pytest.approx(expected, rel=0.1)


def test_a_path_takes_the_sum_of_its_visits_where_nobody_waits() -> None:
    path = [Visit("a", 1), Visit("b", 2), Visit("a", 0.5)]
    (answer,) = Simulation({"a": 1, "b": 1}, path, variation=1e-3).run([Client(5)]).answers
    assert answer.begun == 5
    assert answer.seconds == pytest.approx(3.5, rel=0.01)


def test_clients_that_ask_again_at_once_keep_every_server_busy() -> None:
    clients = [Client(rounds=NEVER_ENDS) for _ in range(6)]
    played = Simulation({"s": 2}, [Visit("s", 0.1)], variation=1e-3).run(clients, until=100)
    assert len(played.answers) / 100 == pytest.approx(2 / 0.1, rel=0.01)
    # Little's law: six are always there.
    assert quantile([answer.seconds for answer in played.answers], 0.5) == pytest.approx(
        6 * 0.1 / 2, rel=0.01
    )


def test_a_client_pauses_before_each_round_but_the_first() -> None:
    client = Client(begins_at=1, rounds=3, pause=lambda chance: 10)
    played = Simulation({"s": 1}, [Visit("s", 2)], variation=1e-3).run([client])
    begun = [answer.begun for answer in played.answers]
    assert begun == pytest.approx([1, 13, 25], rel=0.01)


def test_disorder_costs_the_tail_and_not_the_mean() -> None:
    orderly, disorderly = (
        Simulation({"s": 1}, [Visit("s", 1)], variation=1, disorder=disorder).run(poisson(0.8))
        for disorder in (0, 1)
    )
    assert mean(disorderly) == pytest.approx(mean(orderly), rel=0.1)
    tails = [
        quantile([answer.seconds for answer in played.answers], 0.99)
        for played in (orderly, disorderly)
    ]
    assert tails[1] > 1.2 * tails[0]


@pytest.mark.parametrize(
    ("part", "expected"), [(0.5, 50), (0.99, 99), (0.999, 100), (0.001, 1), (1, 100)]
)
def test_a_quantile_is_one_of_the_values(part: float, expected: int) -> None:
    assert quantile(range(100, 0, -1), part) == expected
