"""A busy host is no failure of a property."""

from hypothesis import settings

settings.register_profile("busy host", deadline=None)
settings.load_profile("busy host")
