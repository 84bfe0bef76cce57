"""The doors for machines: see portal.middleware.machines_first."""

from django.urls import path

from tokens.views import health, registry

urlpatterns = [
    path("auth/token", registry.token, name="realm"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
