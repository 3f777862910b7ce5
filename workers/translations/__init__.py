"""Keeps the translations: gathers marked words from the sources, merges and compiles what translators wrote, checks it.

docs/translations.md says how to work with it; `python -m workers.translations` is the command.
"""
