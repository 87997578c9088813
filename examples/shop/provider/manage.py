"""Run a management command of the provider, as in: python examples/shop/provider/manage.py runserver 8002"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this file's own folder, where `settings` would be a second name for `shop.provider.settings`.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.provider.settings"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
