"""A small online shop: accounts, a catalogue and orders behind a JSON API."""
