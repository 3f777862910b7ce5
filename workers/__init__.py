"""Everything that runs without a browser waiting, and the supervisor over it."""
