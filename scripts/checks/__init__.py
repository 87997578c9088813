"""What `scripts/check.py` knows about pages, examples and configuration: one subject a module."""
