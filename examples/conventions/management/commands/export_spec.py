from pathlib import Path

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from conventions.compatibility import check, earlier

SPECS = Path(__file__).resolve().parents[4] / "docs" / "specs"


def spec_text() -> str:
    """The OpenAPI document of this system as it is now, in YAML."""
    return OpenApiYamlRenderer().render(SchemaGenerator().get_schema(request=None, public=True)).decode()


class Command(BaseCommand):
    help = "Write the OpenAPI document to docs/specs/, unless it breaks clients and has no new major version."
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        spec = SPECS / f"{settings.SYSTEM}.yaml"
        spec.parent.mkdir(parents=True, exist_ok=True)
        text = spec_text()
        before = earlier(spec, text)
        if before and (faults := check(before, yaml.safe_load(text), spec.name)):
            raise CommandError("\n".join(faults))
        spec.write_text(text, encoding="utf-8", newline="\n")
        self.stdout.write(f"wrote docs/specs/{spec.name}")
