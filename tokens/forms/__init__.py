"""What may be filled in? Fields are named one by one; whatever else is posted changes nothing."""
