"""The deeds: everything that somebody does. Each asks permission and leaves one event."""
