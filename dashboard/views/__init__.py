"""What is seen, made by pure functions of plain data: words, escaped HTML fragments, figures, tables."""
