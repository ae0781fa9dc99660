"""Genre sources: where the genres of artists come from whose listeners' own source tells none."""
