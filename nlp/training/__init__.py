"""Training of the heads: `python -m nlp train DATA_DIR`. Nothing here is loaded when annotating."""
