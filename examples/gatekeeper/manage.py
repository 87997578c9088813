"""Run a management command of the gatekeeper, as in: python examples/gatekeeper/manage.py migrate"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this file's own folder, where `rules` would be a second name for `gatekeeper.rules`.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
