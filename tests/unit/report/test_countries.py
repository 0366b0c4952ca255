"""Countries, where logs have addresses and a database is there."""

import sys
from pathlib import Path

import pytest

from audiocast.report.countries import Countries, CountriesUnusable
from tests.unit.report.mmdb import write_database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return write_database(
        tmp_path / "countries.mmdb",
        {
            "192.0.2.0/24": {"country": {"iso_code": "DE"}},
            "198.51.100.0/24": {"country": {"iso_code": "<b>"}},
            "203.0.113.0/24": {"continent": "x"},
        },
    )


def test_addresses_and_networks_have_a_country(database: Path) -> None:
    countries = Countries(database)
    asked = ["192.0.2.9", "192.0.2.0/24", "198.51.100.1", "203.0.113.1", "10.0.0.1", "2001:db8::1", "f3a9"]
    assert [countries.country(client) for client in asked] == ["DE", "DE", *["unknown"] * 5]
    countries.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.mmdb"
    with pytest.raises(CountriesUnusable, match=r"none\.mmdb"):
        Countries(path)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(CountriesUnusable, match=r"none\.mmdb"):
        Countries(path)


def test_without_the_package_it_says_what_to_install(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(CountriesUnusable, match=r"pip install 'audiocast\[report\]'"):
        Countries(database)
