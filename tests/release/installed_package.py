"""What the server's .deb leaves on a Debian, and what it takes away again."""

from tests.release.bare_debian import BareDebian
from tests.release.ways import SERVER_DEB, here

SETTING = "MAX_LISTENERS=5\n"


def check(debian: BareDebian) -> None:
    """Look at a Debian where the package is installed; install it again, remove it, purge it."""
    etc = debian.folder / "etc/audiocast"
    secret, settings = etc / "secret-keys.env", etc / "audiocast.env"
    for path in (secret, settings):
        status = path.stat()
        assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == (0o600, 0, 0), path
    before = secret.read_text()
    assert "/nologin" in debian.run("getent passwd audiocast")
    # The user of the service may run the program, and read neither file.
    as_user = "chroot --userspec=audiocast /"
    debian.run(f"{as_user} /usr/bin/audiocast version")
    debian.run(f"! {as_user} cat {path_in(debian, secret)} && ! {as_user} cat {path_in(debian, settings)}")
    assert list((debian.folder / "usr/lib/audiocast").rglob("*.pyc")), "expected compiled modules, found none"
    enabled = debian.folder / "etc/systemd/system/multi-user.target.wants/audiocast.service"
    assert enabled.is_symlink(), "expected the service to be enabled"

    # The administrator's own file, and a change of a setting.
    (etc / "aliases.toml").write_text("")
    settings.write_text(settings.read_text() + SETTING)
    debian.run(f"dpkg --install /tmp/{here(SERVER_DEB).rpartition('/')[2]}")
    assert secret.read_text() == before, "expected the same secret after another installation"
    assert SETTING in settings.read_text()

    debian.run("dpkg --remove audiocast")
    assert (settings.exists(), secret.exists()) == (True, True)
    left = [path for path in (debian.folder / "usr").rglob("audiocast*") if path.name != "audiocast.deb"]
    assert left == [], f"expected nothing of it below /usr, found {left[:5]}"
    debian.run("dpkg --purge audiocast")
    assert [path.name for path in etc.iterdir()] == ["aliases.toml"]
    assert not enabled.is_symlink()
    found = debian.run("find / -xdev -path /proc -prune -o -name 'audiocast*' -print").split()
    assert [name for name in found if not name.endswith(".deb")] == ["/etc/audiocast"]
    print("    installed again, removed and purged: the secret stays, then what the package has made is gone")


def path_in(debian: BareDebian, path: object) -> str:
    """Return the path of a file as programs in a Debian have it."""
    return str(path).removeprefix(str(debian.folder))
