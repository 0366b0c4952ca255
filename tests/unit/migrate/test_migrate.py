"""What becomes of real configurations: Debian's own, a station's, one with paid listeners, one of 2009."""

import gzip
import os
import re
import stat
import tomllib
from pathlib import Path

import pytest

from audiocast import cli
from audiocast.aliases_file import read_aliases
from audiocast.migrate.names import stream_id_of
from audiocast.settings import Settings
from audiocast.stream.keys import Keys

CONFIGURATIONS = Path(__file__).parent / "configurations"
DEBIAN = Path("/usr/share/doc/icecast2/icecast.xml.dist.gz")
FILES = {"audiocast.env", "aliases.toml", "keys.txt"}

# All that is secret in any of the configurations.
SECRETS = re.compile(
    r"hackme|Quelle-4711|Relais-0815|Chefin-1234|Nachbar-99|Regie|Geheim-77|s3cr3t|d3fault|H00k|T0ken|V4lue"
    r"|never-shown|früher|jetzt-g|mit Leer|zweites|ohne Namen"
)

Told = dict[str, list[tuple[int, str, str]]]


class Migrated:
    """What one run has written and said."""

    def __init__(self, folder: Path, out: str) -> None:
        self.out = out
        self.folder = folder
        lines = (folder / "audiocast.env").read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        self.aliases = tomllib.loads((folder / "aliases.toml").read_text())

    @property
    def told(self) -> Told:
        """By the heading's first word: line, element and text of each row."""
        told: Told = {}
        heading = ""
        for row in self.out.splitlines():
            found = re.fullmatch(r"  \S+?(?::(\d+))?  <(\S+)>: (.+)", row)
            if found:
                told[heading].append((int(found[1] or 0), found[2], found[3]))
            elif row.endswith(":"):
                heading = row.split()[0]
                told[heading] = []
        return told

    def lines(self, heading: str) -> dict[int, str]:
        """Return which element each line has below a heading."""
        return {line: element for line, element, _ in self.told[heading]}


def migrate(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, *more: str) -> Migrated:
    path = CONFIGURATIONS / name
    if name == "icecast.xml":
        path = tmp_path / name
        path.write_bytes(gzip.decompress(DEBIAN.read_bytes()))
    assert cli.main(["migrate", str(path), "--to", str(tmp_path / "out"), *more]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert not SECRETS.search(out)
    return Migrated(tmp_path / "out", out)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the test machine in the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize("name", ["icecast.xml", "station.xml", "paid.xml", "from-2009.xml"])
def test_the_server_takes_what_was_written_and_nobody_else_can_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    os.umask(0o022)
    done = migrate(tmp_path, capsys, name, "--mount", "/one.ogg")
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in done.folder.iterdir()} == dict.fromkeys(
        FILES, 0o600
    )
    for variable, value in done.settings.items():
        # The certificate is at Icecast's own machine.
        if not variable.startswith("TLS_"):
            monkeypatch.setenv(variable, value)
    settings = Settings.from_arguments([])
    assert {name.lower() for name in done.settings} <= set(Settings.model_fields)
    aliases = read_aliases(settings.aliases_file)
    assert {alias.path for alias in aliases} == done.aliases.keys()
    keys = Keys([settings.secret_keys[0].get_secret_value()])
    rows = re.findall(
        r"^stream (\S+): mount /ingest/\1, password\n(\S+)$", (done.folder / "keys.txt").read_text(), re.M
    )
    assert {stream_id for stream_id, _ in rows} == {alias.stream_id for alias in aliases}
    for stream_id, key in rows:
        keys.check(stream_id, key, 0)


@pytest.mark.parametrize("name", ["icecast.xml", "station.xml", "paid.xml", "from-2009.xml"])
def test_each_element_with_a_text_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """By its line, or by that of the element around it."""
    done = migrate(tmp_path, capsys, name)
    told = {line for rows in done.told.values() for line, _, _ in rows}
    text = (
        (tmp_path / name if name == "icecast.xml" else CONFIGURATIONS / name).read_bytes().decode("latin-1")
    )
    plain = re.sub(r"<!--.*?-->", lambda found: re.sub(r"[^\n]", "", found[0]), text, flags=re.DOTALL)
    for number, line in enumerate(plain.split("\n"), start=1):
        for element in re.findall(r"<([a-z-]+)[ >]", line):
            inside = element in ("mount-name", "stream-name", "icecast", "limits", "authentication", "paths")
            if not inside and element not in PARTS:
                assert number in told, f"line {number}: {line}"


# What stands in an element that is told as a whole.
PARTS = set(
    "listen-socket mount relay server port local-mount on-demand username password header option "
    "yp-url-timeout yp-url chroot errorlog logsize security".split()
)


def test_of_debian_s_own_the_password_that_everybody_knows_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = migrate(tmp_path, capsys, "icecast.xml")
    assert done.aliases == {}
    assert "ALIASES_FILE" not in done.settings
    assert any("name those in use, as --mount" in text.lower() for _, _, text in done.told["To"])
    done = migrate(tmp_path, capsys, "icecast.xml", "--mount", "live.ogg", "--mount", "/two.ogg", "--force")
    assert done.aliases == {
        "/live.ogg": {"stream": "live", "visibility": "public"},
        "/two.ogg": {"stream": "two", "visibility": "public"},
    }
    assert done.lines("To")[37] == "authentication/source-password"
    assert (done.settings["PORT"], done.settings["MAX_LISTENERS"]) == ("8000", "100")


def test_a_station_s_mounts_passwords_ports_and_certificate_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = migrate(tmp_path, capsys, "station.xml")
    usual, public = "Quelle-4711", {"visibility": "public"}
    assert done.aliases == {
        "/live.ogg": {
            "stream": "live",
            "password": 'Studio & "Regie"',
            "title": "Radio Beispiel",
            "visibility": "unlisted",
        },
        "/live.mp3": {"stream": "live-mp3", "password": usual, "title": "Radio Beispiel (MP3)", **public},
        "/partner.ogg": {"stream": "partner", "password": usual, **public},
        "/automat.ogg": {"stream": "automat", "password": usual, **public},
        "/listen": {"stream": "live"},
    }
    secrets = {"SECRET_KEYS", "API_TOKENS"}
    assert {name: value for name, value in done.settings.items() if name not in secrets} == {
        "ALIASES_FILE": str(done.folder / "aliases.toml"),
        "PORT": "8000",
        "HOST": "0.0.0.0",
        "TLS_PORT": "8443",
        "TLS_CERTIFICATE": "/etc/icecast2/icecast.pem",
        "TLS_KEY": "/etc/icecast2/icecast.pem",
        "INTERNAL_HOST": "127.0.0.1",
        "INTERNAL_PORT": "8002",
        "MAX_LISTENERS": "2000",
        "PREROLL_SECONDS": "10.9",
        "LOG_LEVEL": "warning",
    }
    assert done.lines("To") == {
        15: "authentication/relay-password",
        17: "authentication/admin-password",
        24: "listen-socket/port",
        25: "listen-socket/shoutcast-compat",
        31: "relay",
        45: "mount/fallback-mount",
        47: "mount/max-listeners",
        48: "mount/dump-file",
        49: "mount/intro",
        51: "mount/on-connect",
        53: "mount",
        61: "paths/alias",
    }


def test_who_asks_listeners_for_money_is_told_what_there_is_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = migrate(tmp_path, capsys, "paid.xml")
    # The default mount's password goes before the server's own.
    assert done.aliases == {
        "/premium.opus": {"stream": "premium", "password": "d3fault-source", "visibility": "public"}
    }
    assert (done.settings["STREAM_DOMAIN"], done.settings["PREROLL_SECONDS"]) == ("stream.example.com", "0")
    rows = [(line, element) for line, element, _ in done.told["To"]]
    for row in (
        (5, "directory"),
        (9, "listen-socket/port"),
        (13, "mount/authentication"),
        (19, "mount/authentication"),
        (26, "mount"),
        (27, "mount"),
        (29, "event-bindings"),
    ):
        assert row in rows


def test_a_file_of_2009_with_another_encoding_than_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done, public = migrate(tmp_path, capsys, "from-2009.xml"), {"visibility": "public"}
    assert done.aliases == {
        "/Straße – Süd.ogg": {
            "stream": "Strasse-Sud",
            "password": "jetzt-gültig",
            "title": "Straße[2J",
            **public,
        },
        "/kanal2": {"stream": "kanal2", "password": " mit Leerzeichen ", **public},
        "/kanal2.ogg": {"stream": "kanal2-ogg", **public},
    }
    assert (done.settings["PORT"], done.settings["MAX_LISTENERS"]) == ("8010", "50")
    assert "STREAM_DOMAIN" not in done.settings
    assert "read as windows-1252" in done.out
    assert done.lines("To").keys() >= {9, 13, 17, 18, 19, 20}


def test_nothing_is_replaced_unless_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    migrate(tmp_path, capsys, "station.xml")
    (tmp_path / "out" / "audiocast.env").unlink()
    before = (tmp_path / "out" / "aliases.toml").read_text()
    arguments = ["migrate", str(CONFIGURATIONS / "paid.xml"), "--to", str(tmp_path / "out")]
    assert cli.main(arguments) == 1
    assert re.fullmatch(r"audiocast: \S+aliases.toml is there already: .*--force\n", capsys.readouterr().err)
    assert (tmp_path / "out" / "aliases.toml").read_text() == before
    assert not (tmp_path / "out" / "audiocast.env").exists()


def test_a_link_where_a_file_goes_is_replaced_and_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "keys.txt").symlink_to(other)
    done = migrate(tmp_path, capsys, "station.xml", "--force")
    assert other.read_text() == "mine"
    assert not (done.folder / "keys.txt").is_symlink()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<icecast", "line 1: expected XML"),
        ("<shoutcast/>", "line 1: expected <icecast>"),
        ('<!DOCTYPE icecast [<!ENTITY a "b">]><icecast/>', "expected no DOCTYPE"),
        (None, "cannot read .*: No such file or directory"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, words: str
) -> None:
    path = tmp_path / "icecast.xml"
    if text is not None:
        path.write_text(text)
    assert cli.main(["migrate", str(path), "--to", str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert re.search(words, err)
    assert not (tmp_path / "out").exists()


def test_hostile_values_end_up_in_no_file_and_move_no_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.xml").write_text(
        "<icecast><hostname>a b&#10;SECRET_KEYS=x</hostname><listen-socket><port>99999</port>"
        "<bind-address>1&#10;API_TOKENS=y</bind-address></listen-socket>"
        "<listen-socket><port>8000</port><ssl>1</ssl></listen-socket>"
        "<paths><ssl-certificate>/a&#10;PORT=1</ssl-certificate>"
        '<alias source="/b&#155;c" destination="/m"/></paths>'
        "<mount><mount-name>/m</mount-name><stream-name>t&quot;&#10;[x]</stream-name></mount>"
        "<mount><mount-name>/x&#155;31m</mount-name></mount></icecast>"
    )
    assert cli.main(["migrate", str(tmp_path / "bad.xml"), "--to", str(tmp_path / "out")]) == 0
    done = Migrated(tmp_path / "out", capsys.readouterr().out)
    assert done.settings.keys() == {"SECRET_KEYS", "API_TOKENS", "ALIASES_FILE", "TLS_PORT", "INTERNAL_HOST"}
    assert done.aliases["/m"] == {"stream": "m", "title": 't"\n[x]', "visibility": "public"}
    assert "\x9b" not in done.out


@pytest.mark.parametrize(
    ("mount", "taken", "stream_id"),
    [
        ("/live.ogg", [], "live"),
        ("/live.ogg", ["live"], "live-ogg"),
        ("/live.ogg", ["live", "live-ogg"], "live-2"),
        ("/a/b.opus", [], "a-b"),
        ("/-x_", [], "x"),
        ("/電台.ogg", [], "stream"),
        ("/電台", ["stream"], "stream-2"),
        ("/" + "y" * 200, [], "y" * 64),
        ("/" + "y" * 200, ["y" * 64], "y" * 58 + "-2"),
    ],
)
def test_a_mount_names_its_stream(mount: str, taken: list[str], stream_id: str) -> None:
    assert stream_id_of(mount, taken) == stream_id
