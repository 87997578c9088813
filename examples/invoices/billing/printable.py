"""Text that can stand on an invoice: letters that the font of its PDF has, checked when they are typed."""

from conventions.strict import StrictCharField
from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field

# European letters and signs: Latin, Greek and Cyrillic; no control characters, no marks that join others.
LETTERS = (
    "!-~\u00a1-\u00ac\u00ae-\u024f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u0482\u048a-\u04ff"
    "\u1e80-\u1e85\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u20ac\u2116"
)
PRINTABLE = f"[ \u00a0{LETTERS}]"
TEXT = rf"^[{LETTERS}]{PRINTABLE}*\Z"
MESSAGE = "Latin, Greek and Cyrillic letters, digits and usual signs only, and no blank comes first."


class PrintableField(StrictCharField):
    """Text that the invoice's font can show; anything else is refused by name here, not in a task at night."""

    def __init__(self, **options: object) -> None:
        super().__init__(validators=[RegexValidator(TEXT, MESSAGE)], trim_whitespace=False, **options)


# Said here, since the generator describes text that may be empty by two schemas that both fit the empty one.
@extend_schema_field({"type": "string", "maxLength": 60, "pattern": f"^([{LETTERS}]{PRINTABLE}*)?$"})
class OptionalPrintableField(PrintableField):
    """The same, up to 60 characters, and it may be left out or empty."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_length=60, allow_blank=True, default="", **options)
