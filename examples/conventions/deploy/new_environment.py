"""Write new passwords for a system's compose file, once: examples/<system>/deploy/.env

python new_environment.py shop
"""

import sys
from pathlib import Path
from secrets import token_hex

EXAMPLES = Path(__file__).resolve().parents[2]
NAMES = ("SECRET_KEY", "DATABASE_PASSWORD", "REDIS_PASSWORD", "BROKER_PASSWORD")


def new_environment(system: str) -> str:
    """One line for each secret that the compose file of `system` asks for."""
    return "".join(f"{system.upper()}_{name}={token_hex(32)}\n" for name in NAMES)


def main(arguments: list[str]) -> str:
    """Write the file; what to tell the person, with exit status 1 where that is not empty."""
    systems = sorted(path.parent.parent.name for path in EXAMPLES.glob("*/deploy/compose.yaml"))
    if len(arguments) != 1 or arguments[0] not in systems:
        return f"Name one of {', '.join(systems)}."
    path = EXAMPLES / arguments[0] / "deploy" / ".env"
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(new_environment(arguments[0]))
    except FileExistsError:
        return f"{path} exists, and a database may know its password. Delete both to begin anew."
    print(f"wrote {len(NAMES)} new secrets to {path.relative_to(EXAMPLES.parent).as_posix()}")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
