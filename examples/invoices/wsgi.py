"""What a WSGI server loads, as in: gunicorn invoices.wsgi"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invoices.settings")
application = get_wsgi_application()
