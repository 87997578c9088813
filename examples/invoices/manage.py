"""Run a management command of the invoices, as in: python examples/invoices/manage.py migrate"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this file's own folder, where `billing` would be a second name for `invoices.billing`.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invoices.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
