"""What a Celery worker loads, as in: celery --app invoices.worker worker --beat

Not `celery.py`: programs of this folder would then import it in place of Celery.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "invoices.settings")
app = Celery("invoices")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
