"""What the registry needs of us, without a database and without HTTP of our own."""
