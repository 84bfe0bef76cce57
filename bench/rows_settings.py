"""The portal's settings, with a bare table beside its pages."""

from portal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.bare_rows"
