"""The country of a client, by a MaxMind database (`pip install 'audiocast[report]'`)."""

import functools
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from audiocast.report.records import UNKNOWN

if TYPE_CHECKING:
    pass

# Clients whose country is remembered: most come again.
_MOST_REMEMBERED = 100_000


class CountriesUnusable(Exception):
    """The database cannot be read, or what reads it is not installed."""


class Countries:
    """Countries of clients.

    Args:
        path: A database with countries in it, as GeoLite2-Country.mmdb.

    Raises:
        CountriesUnusable: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            import maxminddb
        except ImportError as error:
            raise CountriesUnusable("countries need: pip install 'audiocast[report]'") from error
        try:
            self._database: maxminddb.Reader = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise CountriesUnusable(f"{path}: {error}") from error
        self._damage = maxminddb.InvalidDatabaseError
        self.country = functools.lru_cache(_MOST_REMEMBERED)(self._country)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _country(self, client: str) -> str:
        """Return the two letters of a country (ISO 3166-1); `unknown` for a hash, or where nobody knows."""
        try:
            # The log may have networks (AUDIENCE_ADDRESS=prefix); they are in one country, nearly always.
            address = ipaddress.ip_interface(client).ip
            found = self._database.get(str(address))
        except (ValueError, self._damage):
            return UNKNOWN
        country = found.get("country") if isinstance(found, dict) else None
        code = country.get("iso_code") if isinstance(country, dict) else None
        return code if isinstance(code, str) and len(code) == 2 and code.isalpha() else UNKNOWN
