from pathlib import Path

from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

SPEC = Path(__file__).resolve().parents[4] / "docs" / "specs" / "shop.yaml"


def spec_text() -> str:
    """The OpenAPI document of the shop as it is now, in YAML."""
    return OpenApiYamlRenderer().render(SchemaGenerator().get_schema(request=None, public=True)).decode()


class Command(BaseCommand):
    help = "Write the OpenAPI document to docs/specs/shop.yaml."
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        SPEC.parent.mkdir(parents=True, exist_ok=True)
        SPEC.write_text(spec_text(), encoding="utf-8", newline="\n")
        self.stdout.write(f"wrote {SPEC.relative_to(SPEC.parents[2]).as_posix()}")
