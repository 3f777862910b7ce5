"""Reads for screens: one file a screen, frozen rows, a counted number of statements."""
