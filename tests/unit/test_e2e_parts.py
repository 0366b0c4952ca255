"""What `make e2e` decides by itself: images taken apart, the chart's values, whose stream it is."""

import pytest

from audiocast.cluster.ring import order
from tests.e2e.image import Image
from tests.e2e.release import stream_id_for, values

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("audiocast", ("audiocast", "", "")),
        ("audiocast:1.2.3", ("audiocast", "1.2.3", "")),
        ("registry.example:5000/team/audiocast", ("registry.example:5000/team/audiocast", "", "")),
        ("registry.example:5000/team/audiocast:v1", ("registry.example:5000/team/audiocast", "v1", "")),
        (f"localhost/audiocast@{DIGEST}", ("localhost/audiocast", "", DIGEST)),
        (f"localhost:1/audiocast:v1@{DIGEST}", ("localhost:1/audiocast", "v1", DIGEST)),
    ],
)
def test_an_images_name_is_taken_apart(name: str, parts: tuple[str, str, str]) -> None:
    image = Image.parse(name)
    assert (image.repository, image.tag, image.digest) == parts


@pytest.mark.parametrize("name", ["", "two words", "audiocast@sha256:short", "@" + DIGEST])
def test_what_is_no_images_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected REPOSITORY"):
        Image.parse(name)


def test_the_charts_values_are_of_this_image_and_token() -> None:
    given = values(Image.parse("localhost:5000/audiocast:1"), token="a-token", replicas=2)
    assert given["image"] == {"repository": "localhost:5000/audiocast", "tag": "1", "digest": ""}
    assert (given["secret"], given["replicas"]) == ({"apiTokens": ["a-token"]}, 2)


def test_a_streams_id_chooses_its_owner() -> None:
    pods = [f"audiocast-{number}" for number in range(3)]
    for owner in pods:
        assert order(stream_id_for(owner, pods), pods)[0] == owner
