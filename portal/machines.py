"""The doors for machines: see portal.middleware.machines_first."""

from django.urls import path

from tokens.views import check, health, metrics, notifications, registry

urlpatterns = [
    path("auth/token", registry.token, name="realm"),
    path("auth/check", check.check, name="check"),
    path("registry/events", notifications.events, name="registry_events"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
