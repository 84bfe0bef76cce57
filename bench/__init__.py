"""How fast is the realm? ``make bench`` measures it beside what it could be."""
