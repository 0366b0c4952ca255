"""Both charts as packages that `helm push` takes, with images of the release's registry as their default."""

import shutil
import tempfile
from pathlib import Path

from contents import OPERATOR, ROOT, SERVER, BuildFailed, Release

CHARTS = (SERVER, OPERATOR)
# The default that the sources have, in the values and in the table of the README.
IN_VALUES = "  repository: {}\n"
IN_README = '`image.repository` | `"{}"`'
# Below the registry: beside an image, a chart of the same name would have its tags.
PLACE = "charts"


def build(release: Release) -> list[Path]:
    """Package both into `charts/`; return their paths."""
    # Helm's own code: a tenth of a second, and tens of megabytes.
    import helm_python

    folder = release.folder("charts")
    with tempfile.TemporaryDirectory() as copies:
        for name in CHARTS:
            chart = Path(copies, name)
            shutil.copytree(ROOT / "helm" / name, chart)
            _name_image(chart, name, release.repository(name))
            helm_python.package(
                chart, destination=folder, version=release.version, app_version=release.version
            )
    return sorted(folder.glob("*.tgz"))


def push(release: Release, *, plain_http: bool = False) -> dict[str, str]:
    """Push the packages that were built; return the digest of each by its reference.

    Credentials are those that `helm registry login` or `docker login` have left.

    Raises:
        BuildFailed: The registry refuses.
    """
    import helm_python

    place = f"{release.registry}/{PLACE}"
    digests = {}
    with helm_python.RegistryClient(plain_http=plain_http) as client:
        for package in sorted((release.output / "charts").glob("*.tgz")):
            name = package.name.removesuffix(f"-{release.version}.tgz")
            reference = f"{place}/{name}:{release.version}"
            try:
                client.push(package, f"oci://{place}", plain_http=plain_http)
                digests[reference] = str(client.resolve(f"oci://{reference}")["digest"])
            except helm_python.HelmError as error:
                raise BuildFailed(f"{package.name}: {error}") from error
    return digests


def _name_image(chart: Path, image: str, repository: str) -> None:
    for name, default in (("values.yaml", IN_VALUES), ("README.md", IN_README)):
        text = (chart / name).read_text()
        if text.count(default.format(image)) != 1:
            raise BuildFailed(f"{image}/{name}: expected {default.format(image)!r} once")
        (chart / name).write_text(text.replace(default.format(image), default.format(repository)))
