"""Find what is wrong with pages, examples and configuration: every fault with file, line and remedy, all at once."""
