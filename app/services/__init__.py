"""Verbs: every change to what the product believes. Session first, no commit, events recorded."""
