"""Who can log in to the provider."""

# The address of each, and whether the provider has verified it.
PEOPLE = {"grace": ("grace@example.com", True), "mallory": ("mallory@example.com", False)}
PASSWORD = "a ship in harbour"  # noqa: S105 - of people who exist on this machine only
