"""Connectors speak to the world: one file per kind of channel. See README.md in this room."""
