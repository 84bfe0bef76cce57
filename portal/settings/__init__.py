"""Everything that can be set: where the portal is, the registry, the sign-in, Django's own."""

from portal.settings.application import *
from portal.settings.place import *
from portal.settings.registry import *
from portal.settings.sign_in import *
