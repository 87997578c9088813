"""Draw a document as a PDF; the same document gives the same bytes, today and in ten years."""

from pathlib import Path

from fpdf import FPDF, ViewerPreferences, XPos, YPos
from fpdf.fonts import FontFace

from invoices.billing.models import Invoice
from invoices.billing.money import decimal, shown

FONT = Path(__file__).with_name("DejaVuSans-European.ttf")


class _Page(FPDF):
    def __init__(self, invoice: Invoice) -> None:
        super().__init__(format="A4")
        self.title_text = f"{'Credit note' if invoice.corrects_id else 'Invoice'} {invoice.full_number}"
        self.set_title(self.title_text)
        self.set_lang("en")
        self.set_author(invoice.seller["name"])
        self.set_creator("invoices")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        # The date of the document, not of the drawing: otherwise no two drawings would be equal.
        self.set_creation_date(invoice.issued_at)
        self.identity = invoice.content_hash[:32].upper()
        self.add_font("DejaVu", fname=FONT)
        self.set_font("DejaVu", size=10)

    def file_id(self) -> str:
        return f"<{self.identity}><{self.identity}>"

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("DejaVu", size=8)
        self.cell(text=f"{self.title_text}, page {self.page_no()}")

    def say(self, text: str, size: int = 10) -> None:
        self.set_font("DejaVu", size=size)
        self.cell(text=text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, h=size / 2)


def _address(party: dict[str, str]) -> list[str]:
    place = f"{party['postal_code']} {party['city']}, {party['country']}"
    return [
        party["name"],
        party["street"],
        place,
        *([f"Tax number {party['tax_id']}"] * bool(party["tax_id"])),
    ]


def draw(invoice: Invoice) -> bytes:
    """The PDF of an issued document, as `billing.services.get_invoice` gives it."""
    page = _Page(invoice)
    page.add_page()
    page.say(page.title_text, size=18)
    page.ln(4)
    for heading, party in (("From", invoice.seller), ("To", invoice.buyer)):
        page.say(heading, size=8)
        for text in _address(party):
            page.say(text)
        page.ln(3)
    page.say(f"Date {invoice.issued_on.isoformat()}")
    if invoice.corrects_id:
        page.say(f"Corrects invoice {invoice.corrects.full_number}")
    else:
        page.say(f"To be paid until {invoice.due_on.isoformat()}")
    page.ln(4)
    _draw_lines(page, invoice)
    page.ln(4)
    page.set_font("DejaVu", size=10)
    for label, amount in _totals(invoice):
        page.cell(
            w=0,
            h=6,
            align="R",
            text=f"{label}  {shown(amount, invoice.currency)}",
            new_x="LMARGIN",
            new_y="NEXT",
        )
    return bytes(page.output())


def _draw_lines(page: FPDF, invoice: Invoice) -> None:
    page.set_font("DejaVu", size=9)
    plain = FontFace(emphasis="")
    heads = ("Description", "Quantity", "Price", "Tax", "Net")
    align = ("LEFT", "RIGHT", "RIGHT", "RIGHT", "RIGHT")
    with page.table(col_widths=(40, 14, 18, 10, 18), text_align=align, headings_style=plain) as table:
        table.row(heads)
        for line in invoice.lines.all():
            table.row(
                (
                    line.description,
                    decimal(line.quantity_thousandths, 3),
                    shown(line.unit_price_minor, invoice.currency),
                    f"{decimal(line.tax_rate_basis_points, 2)} %",
                    shown(line.net_minor, invoice.currency),
                )
            )


def _totals(invoice: Invoice) -> list[tuple[str, int]]:
    taxes: dict[int, int] = {}
    for line in invoice.lines.all():
        taxes[line.tax_rate_basis_points] = taxes.get(line.tax_rate_basis_points, 0) + line.tax_minor
    return [
        ("Net", invoice.net_minor),
        *((f"Tax {decimal(rate, 2)} %", tax) for rate, tax in sorted(taxes.items())),
        ("Total", invoice.total_minor),
    ]
