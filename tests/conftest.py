"""Settings of all tests."""

from hypothesis import settings

# The same examples in every run, and no deadline: the machine may be busy with something else.
settings.register_profile("charnn", derandomize=True, deadline=None, database=None)
settings.load_profile("charnn")
