"""A form sends nothing and signs nothing."""
