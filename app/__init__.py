"""Tributary: what the product is. The floors inside are drawn in README.md and kept by import-linter."""
