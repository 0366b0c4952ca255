"""Settings for every test run. Fixtures live beside the tests that use them."""

from hypothesis import settings

# Test machines are shared and noisy: an example that is slow once is no finding.
settings.register_profile("noisy-machine", deadline=None, print_blob=True)
settings.load_profile("noisy-machine")
