"""Which streams are private, and since when older tokens are revoked: bounded, the newest of each."""

from audiocast.stream.access.private_streams import PrivateStreams


def test_a_stream_is_private_until_it_is_not() -> None:
    streams = PrivateStreams()
    assert "abc" not in streams
    streams.note("abc", is_private=True)
    assert "abc" in streams
    assert dict(streams.entries) == {"abc": 0}
    streams.note("abc", is_private=False)
    streams.note("abd", is_private=False)
    assert "abc" not in streams
    assert dict(streams.entries) == {}


def test_a_revocation_never_moves_back_and_outlives_what_is_wanted_meanwhile() -> None:
    streams = PrivateStreams()
    streams.note("abc", is_private=True)
    streams.revoke("abc", 20)
    streams.revoke("abc", 10)
    assert streams.revoked_at_ms("abc") == 20
    assert dict(streams.entries) == {"abc": 20}
    streams.note("abc", is_private=False)
    streams.note("abc", is_private=True)
    assert dict(streams.entries) == {"abc": 20}


def test_to_revoke_links_hides_no_stream_that_is_open_to_all() -> None:
    streams = PrivateStreams()
    streams.revoke("abc", 20)
    assert "abc" not in streams
    assert dict(streams.entries) == {}
    assert streams.revoked_at_ms("abc") == 20
    assert streams.revoked_at_ms("abd") == 0


def test_each_table_keeps_the_newest() -> None:
    streams = PrivateStreams(max_streams=2)
    for stream_id in ("a", "b", "a", "c"):
        streams.note(stream_id, is_private=True)
        streams.revoke(stream_id, 7)
    assert list(streams.entries) == ["a", "c"]
    assert [streams.revoked_at_ms(each) for each in "abc"] == [7, 0, 7]
