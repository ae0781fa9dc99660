"""For all tests: what hypothesis tries may take as long as it takes, as machines are not equally fast."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
