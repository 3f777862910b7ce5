"""Understanding of text: local models behind one function, `nlp.annotate.annotate`. See README.md in this room."""
