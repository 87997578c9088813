"""The PDF of a document is made once, the same wherever it is made, and says what the document says."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from fontTools.ttLib import TTFont

from invoices.billing.models import Invoice
from invoices.billing.printable import PRINTABLE
from invoices.billing.services import credit_invoice, get_invoice
from invoices.conftest import ApiClient
from invoices.papers.drawing import FONT, draw
from invoices.papers.models import Paper
from invoices.papers.services import make_paper
from invoices.sample import MUGS, NOW, Sample
from invoices.worker import app


def test_the_same_document_gives_the_same_bytes(sample: Sample):
    invoice = sample.issued(MUGS, MUGS)

    first, second = (draw(get_invoice(invoice.pk)) for _ in range(2))

    assert first == second
    assert first != draw(sample.issued(MUGS, MUGS))


def test_a_paper_has_a_title_a_language_and_its_own_font(sample: Sample):
    invoice = sample.issued()
    note = credit_invoice(invoice_id=invoice.pk, credits=None, author=sample.author, now=NOW)

    content, of_note = draw(invoice), draw(get_invoice(note.pk))

    assert b"/Lang (en)" in content
    assert b"/DisplayDocTitle true" in content
    assert b"/FontFile2" in content
    assert title_of(content).endswith("Invoice NEX-2026-00001")
    assert title_of(of_note).endswith("Credit note NEX-CN-2026-00001")
    assert b"D:20260302093000Z" in content, "the date of the document, not of today"


def title_of(content: bytes) -> str:
    return re.search(rb"/Title \((.+?)\)\n", content, re.DOTALL)[1].decode("latin-1")


def test_it_is_made_after_the_commit_and_only_then(
    sample: Sample, django_capture_on_commit_callbacks: Callable
):
    with django_capture_on_commit_callbacks() as callbacks:
        sample.issued()
        assert not Paper.objects.exists()

    for callback in callbacks:
        callback()

    assert 1 == Paper.objects.count()


def test_making_it_again_changes_nothing(sample: Sample):
    invoice = sample.issued()

    for _ in range(3):
        make_paper(invoice.pk)

    paper = Paper.objects.get()
    assert paper.sha256 == hashlib.sha256(paper.content).hexdigest()


def test_a_draft_has_no_paper(sample: Sample):
    with pytest.raises(Invoice.DoesNotExist):
        make_paper(sample.draft().pk)


def test_what_was_lost_is_found_and_made(sample: Sample, capsys: pytest.CaptureFixture):
    sample.issued()
    sample.issued()
    sample.draft()

    call_command("make_papers")
    call_command("make_papers")

    assert "2 PDF files made\n0 PDF files made\n" == capsys.readouterr().out
    assert 2 == Paper.objects.count()


def test_a_beat_finds_it_too(sample: Sample, settings: object):
    invoice = sample.issued()

    app.tasks[settings.CELERY_BEAT_SCHEDULE["make papers"]["task"]].delay()

    assert invoice.pk == Paper.objects.get().invoice_id


def test_it_is_downloaded_as_a_file_that_never_changes(accountant: ApiClient, sample: Sample):
    invoice = sample.issued()
    path = f"/invoices/{invoice.pk}/paper/"
    before = accountant.send("GET", path)
    make_paper(invoice.pk)
    paper = Paper.objects.get()

    answer = accountant.send("GET", path)
    again = accountant.send("GET", path, if_none_match=answer.headers["ETag"])

    assert (409, "2") == (before.status_code, before.headers["Retry-After"])
    assert (200, paper.content) == (answer.status_code, answer.content)
    assert {
        "Content-Type": "application/pdf",
        "Content-Disposition": 'attachment; filename="NEX-2026-00001.pdf"',
        "Content-Length": str(len(paper.content)),
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{paper.sha256}"',
        "X-Content-Type-Options": "nosniff",
    }.items() <= dict(answer.headers).items()
    assert (304, b"") == (again.status_code, again.content)


def test_there_is_no_paper_of_nothing(accountant: ApiClient):
    assert 404 == accountant.send("GET", "/invoices/999999/paper/").status_code


def test_the_font_has_every_letter_that_can_be_typed():
    letters = TTFont(FONT).getBestCmap()
    allowed = [chr(code) for code in range(0x110000) if re.fullmatch(PRINTABLE, chr(code))]

    assert 869 == len(allowed)
    assert [] == [letter for letter in allowed if ord(letter) not in letters]
    assert not {unicodedata.category(letter) for letter in allowed} & {"Cc", "Cf", "Cn", "Mn"}


def test_the_font_keeps_its_licence():
    assert "Bitstream" in Path(FONT).with_suffix(".LICENSE").read_text(encoding="utf-8")
