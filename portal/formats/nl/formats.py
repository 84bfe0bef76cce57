"""How does Dutch write them here? As people in the Netherlands do, with the zone named."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y H:i T"
