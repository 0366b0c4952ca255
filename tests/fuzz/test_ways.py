"""Some cases of each way in, while a listener of another stream hears each packet."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.members import Members
from tests.fuzz.campaign import MEMBERS, PUBLIC_WAYS, SETTINGS, Tally, attack, cases_of, growth
from tests.fuzz.members import Outsider
from tests.fuzz.observation import Observation, observed
from tests.fuzz.victim import Victim
from tests.support.processes.server import AudiocastServer

SEED = 1
CASES = 120
# In which the server has made what it makes once.
WARM_UP_CASES = 40
SECONDS = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    folder = tmp_path_factory.mktemp("fuzz")
    with AudiocastServer(folder / "server.log", **{**SETTINGS, **observed(folder)}) as server:
        yield server


@pytest.fixture(scope="module")
def observation(server: AudiocastServer) -> Observation:
    return Observation(server, server.log.parent)


@pytest.mark.parametrize("way", PUBLIC_WAYS)
def test_hostile_input_harms_nobody(way: str, server: AudiocastServer, observation: Observation) -> None:
    tally = Tally()
    with Victim(server, server, seconds=4 * SECONDS) as victim:
        for first, end in ((0, WARM_UP_CASES), (WARM_UP_CASES, CASES)):
            before = observation.holdings()
            cases = [case for case, _ in zip(cases_of(way, SEED, first), range(first, end), strict=False)]
            attack(cases, server.port, [observation], tally, harm=victim.harm, seconds=SECONDS)
            assert tally.findings == [], [case.as_json()[:2000] for case in tally.suspects[:3]]
        _, grown = growth(before, observation)
        assert grown == ""
    assert tally.cases == CASES
    # Most of it is understood well enough to be refused, or taken.
    assert len(tally.outcomes) >= 5, tally.outcomes


def test_hostile_messages_of_members_harm_nobody(tmp_path: Path) -> None:
    with Members(tmp_path, 2, **{**SETTINGS, **observed(tmp_path)}) as members:
        servers = [members[name] for name in members.names]
        observations = [Observation(server, tmp_path) for server in servers]
        tally = Tally()
        sign = Outsider(servers[0], members.names[0]).signed
        with Victim(*servers, seconds=4 * SECONDS) as victim:
            before = observations[0].holdings()
            cases = itertools.islice(cases_of(MEMBERS, SEED), CASES)
            port = servers[0].internal_port
            attack(cases, port, observations, tally, harm=victim.harm, seconds=SECONDS, prepare=sign)
            assert tally.findings == [], [case.as_json()[:2000] for case in tally.suspects[:3]]
            _, grown = growth(before, observations[0])
            assert grown == ""
        assert members.ring(members.names[0]) == members.names
    assert tally.cases == CASES
    signed = [outcome for outcome in tally.outcomes if "bad_signature" not in outcome]
    assert len(signed) >= 5, tally.outcomes


def test_an_honest_source_is_heard_after_all_of_it(server: AudiocastServer) -> None:
    with Victim(server, server, seconds=30, stream_id="honest") as honest:
        assert honest.harm() == ""
