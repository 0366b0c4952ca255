"""What Icecast reads in its configuration: which of several elements holds, the mounts and their passwords.

Of two mounts of one name Icecast takes the first. That, and which password holds for a mount, was tried with
Icecast 2.4.4. Where any other element is there twice, the last one holds: each is read into the same field,
one after the other (2.4.4, src/cfgfile.c), which was not tried.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from audiocast.migrate.xml_elements import XmlElement

Kind = Literal["done", "open", "same"]

# Everybody knows them: they are in Icecast's own examples, or are what people type first.
KNOWN_PASSWORDS = frozenset(
    "hackme hackmemore changeme password passwd secret source icecast admin 123456".split()
)

# Of these each counts.
SEVERAL = frozenset(["alias"])


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one element.

    Attributes:
        line: Of the element; 0: it is from the command line.
        element: Its path from below <icecast>.
        kind: It was carried over, somebody has to do something, or nothing is to be done.
        text: A sentence, without a password.
    """

    line: int
    element: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount that the configuration names.

    Attributes:
        path: With its first slash.
        line: Of the element that names it; 0: the command line does.
        element: Path of that element.
        password: Of its sources; None: none is known to this server alone.
        title: Of its stream.
        hidden: The element that hides it from lists, if one does.
    """

    path: str
    line: int
    element: str
    password: XmlElement | None
    title: str
    hidden: XmlElement | None = None


class Configuration:
    """An Icecast server's configuration.

    Args:
        root: The element <icecast>.
        note: Called with each note on what does not hold.
    """

    def __init__(self, root: XmlElement, note: Callable[[Note], None]) -> None:
        self._root = root
        self._note = note

    def sections(self, name: str) -> list[XmlElement]:
        """Return the elements of a name right below <icecast>."""
        return self._root.find(name)

    def scalars(self, section: str) -> dict[str, XmlElement]:
        """Return the children of all sections of a name, by their names: of several the last."""
        children = [child for each in self.sections(section) for child in each.children]
        return self._last(children, section)

    def scalars_of(self, element: XmlElement, path: str) -> dict[str, XmlElement]:
        """Return the children of one element likewise."""
        return self._last(element.children, path)

    def value(self, name: str) -> XmlElement | None:
        """Return the last element of a name right below <icecast>."""
        return self._last(self._root.find(name), "").get(name)

    def mounts(self, more: Sequence[str]) -> Iterator[Mount]:
        """Yield each mount once that sources may have sent to, as far as the file or `more` names it."""
        own, default = self._own_mounts(), self._default_password()
        taken: dict[str, int] = {}
        added = [Mount(path, 0, "--mount", None, "") for path in more]
        for mount in (*own, *self._other_mounts(), *added):
            path = mount.path if mount.path.startswith("/") else f"/{mount.path}"
            if path in taken:
                if mount.element == "mount":
                    text = f"This mount is in line {taken[path]} already, which holds, as it did for Icecast."
                    self._note(Note(mount.line, "mount", "same", text))
                continue
            taken[path] = mount.line
            yield replace(mount, path=path, password=mount.password or default)

    def _own_mounts(self) -> list[Mount]:
        found = []
        for element in self.sections("mount"):
            if element.attributes.get("type") == "default":
                continue
            names = element.find("mount-name")
            if not names or not names[-1].text:
                text = "It has no mount-name, so nothing was made of it."
                self._note(Note(element.line, "mount", "open", text))
                continue
            titles, passwords = element.find("stream-name"), element.find("password")
            hidden = [each for each in element.find("hidden")[-1:] if each.text not in ("", "0")]
            found.append(
                Mount(
                    names[-1].text,
                    element.line,
                    "mount",
                    passwords[-1] if passwords else None,
                    titles[-1].text if titles else "",
                    hidden[0] if hidden else None,
                )
            )
        return found

    def _other_mounts(self) -> Iterator[Mount]:
        """Yield what is no <mount>: relays, and mounts that others fall back to."""
        for element in self.sections("relay"):
            names = element.find("local-mount") or element.find("mount")
            if names and names[-1].text:
                yield Mount(names[-1].text, element.line, "relay", None, "")
        for element in self.sections("mount"):
            for fallback in element.find("fallback-mount")[-1:]:
                if fallback.text:
                    yield Mount(fallback.text, fallback.line, "mount/fallback-mount", None, "")

    def _default_password(self) -> XmlElement | None:
        """Return the password of mounts that have none of their own."""
        defaults = [each for each in self.sections("mount") if each.attributes.get("type") == "default"]
        passwords = [password for each in defaults for password in each.find("password")]
        usual = self.scalars("authentication").get("source-password")
        return passwords[-1] if passwords else usual

    def _last(self, children: Sequence[XmlElement], path: str) -> dict[str, XmlElement]:
        last = {child.name: child for child in children}
        for child in children:
            if child is not last[child.name] and child.name not in SEVERAL:
                line = last[child.name].line
                text = f"It is said again in line {line}, which holds, as it did for Icecast."
                self._note(Note(child.line, f"{path}/{child.name}".lstrip("/"), "same", text))
        return last


def password_of(element: XmlElement) -> str:
    """Return a password as source clients send it: Icecast takes all of the text, spaces too."""
    return element.text if "\n" in element.raw_text else element.raw_text
