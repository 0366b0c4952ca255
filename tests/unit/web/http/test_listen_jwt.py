"""The keys of an identity provider: kept for an hour, and fetched anew when a token names another one."""

from audiocast.web.http.access.listen_jwt import KEPT_SECONDS, MIN_FETCH_SECONDS, ListenJwt
from tests.support.http.http_stand_in import serving
from tests.support.identity.provider import AUDIENCE, Provider


async def test_a_key_that_the_provider_changes_is_learned_and_the_old_one_forgotten() -> None:
    provider = Provider()
    now = 1_800_000_000.0
    with serving(provider.respond) as base:
        tokens = ListenJwt(base, audience=AUDIENCE, now=lambda: now)
        old = provider.token(exp=4e9)
        assert await tokens.check("abc", old) is not None
        assert await tokens.check("abc", old) is not None
        assert provider.asked == 1
        del provider.keys["first"]
        provider.add_rsa("second")
        new = provider.token("second", exp=4e9)
        # Made-up keys are not to have the provider asked each time.
        assert await tokens.check("abc", new) is None
        now += MIN_FETCH_SECONDS
        assert await tokens.check("abc", new) is not None
        assert await tokens.check("abc", old) is None
        assert provider.asked == 2
        now += KEPT_SECONDS
        assert await tokens.check("abc", new) is not None
        assert provider.asked == 3
    # Away: the keys of before are good.
    now += KEPT_SECONDS
    assert await tokens.check("abc", new) is not None


async def test_what_is_no_set_of_keys_opens_nothing() -> None:
    provider = Provider()
    for said in (b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [{"kty": "RSA"}]}', b"x" * 300_000):
        with serving(lambda *_, said=said: said) as base:
            assert await ListenJwt(base, audience=AUDIENCE).check("abc", provider.token()) is None
