"""The doors: HTML for people, the realm and health for machines."""
