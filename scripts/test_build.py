"""Building the site: what is taken out, what is refused, and the policy that every page gets."""

import hashlib
import re
from base64 import b64encode
from pathlib import Path

import build
import policy
import pytest
import slim

PAGE = """<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    {head}
  </head>
  <body>{body}</body>
</html>
"""


def write(path: Path, head: str = "", body: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PAGE.format(head=head, body=body), encoding="utf-8")
    return path


def test_a_page_gets_its_policy_before_anything_that_loads(tmp_path: Path):
    page = write(tmp_path / "index.html", '<script src="a.js"></script>')

    policy.write_policy(tmp_path)

    start = page.read_text().split("<head>")[1]
    assert start.startswith(
        '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src \'none\''
    )
    assert 1 == page.read_text().count("charset")


def test_every_page_allows_the_inline_scripts_of_all_pages_and_no_others(tmp_path: Path):
    first = write(tmp_path / "index.html", body="<script>one()</script>")
    second = write(
        tmp_path / "a/index.html",
        body='<script type="module">two()</script><script type="text/x">no()</script>',
    )

    policy.write_policy(tmp_path)

    for page in (first, second):
        hashes = {policy.hash_of("one()"), policy.hash_of("two()")}
        assert hashes == set(policy_hashes(page.read_text()))


def test_a_hash_is_the_one_that_browsers_compute():
    script = 'alert("€")'

    expected = b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()

    assert f"'sha256-{expected}'" == policy.hash_of(script)


def test_the_frame_of_swagger_ui_has_a_policy_of_its_own(tmp_path: Path):
    page = write(tmp_path / "index.html", body="<script>one()</script>")
    frame = write(tmp_path / "shop/swagger-12345678.html", body="<script>frame()</script>")

    policy.write_policy(tmp_path)

    assert [policy.hash_of("frame()")] == policy_hashes(frame.read_text())
    assert [policy.hash_of("one()")] == policy_hashes(page.read_text())
    assert "wasm" not in frame.read_text()


def test_a_page_that_brings_its_own_policy_is_refused(tmp_path: Path):
    write(tmp_path / "index.html", '<meta http-equiv="Content-Security-Policy" content="default-src *">')

    with pytest.raises(policy.PolicyFault, match=r"index\.html: has a http-equiv of its own\. Fix:"):
        policy.write_policy(tmp_path)


def test_the_handler_of_the_swagger_frame_goes(tmp_path: Path):
    frame = '<iframe class="swagger-ui-iframe" onload="this.style.display = \'block\';" src="swagger-1.html">'
    page = write(tmp_path / "index.html", body=f"<template>{frame}</template>")

    policy.write_policy(tmp_path)

    assert '<template><iframe class="swagger-ui-iframe" src="swagger-1.html"></template>' in page.read_text()


def policy_hashes(page: str) -> list[str]:
    return [each for each in re.search("script-src ([^;]*);", page)[1].split() if each.startswith("'sha256-")]


def test_a_symbolic_link_is_never_published(tmp_path: Path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/notes.txt").symlink_to("/etc/hostname")

    with pytest.raises(build.Unpublishable, match=r"assets/notes\.txt is a symbolic link\. Fix:"):
        build.remove_unpublished(tmp_path)


def test_sources_and_source_maps_are_not_published(tmp_path: Path):
    for name in ("bundle.js", "bundle.js.map", "draft.md", ".draft.swp", "runner.py"):
        (tmp_path / name).write_text("x")

    build.remove_unpublished(tmp_path)

    assert {"bundle.js", "runner.py"} == {path.name for path in tmp_path.iterdir()}


def test_a_rule_goes_when_no_page_and_no_script_names_its_class():
    css = ".kept,.gone{color:red}.gone .kept{top:0}@media print{.gone{left:0}}.md-typeset p:not(.gone){margin:0}"

    slimmer = slim.without_unused(css, '<p class="md-typeset kept">', "")

    assert ".kept{color:red}.md-typeset p:not(.gone){margin:0}" == slimmer


def test_a_rule_for_what_a_script_makes_stays():
    css = ".md-search-result__link{top:0}.md-icon\\:x{top:1px}"

    slimmer = slim.without_unused(css, 'class="md-icon:x"', 'x("a",{class:"md-search-result__link"})')

    assert css == slimmer


def test_a_custom_property_goes_with_its_last_reader():
    css = ':root{--a:var(--b);--b:url("data:image/svg+xml;x{}");--c:1px;--d:2px}p{top:var(--c)}'

    slimmer = slim.without_unused(css, "p", "", "q{left:var(--d)}")

    assert ":root{--c:1px;--d:2px}p{top:var(--c)}" == slimmer


def test_rules_that_hold_braces_in_strings_are_read_whole():
    css = '.kept:before{content:"}{"}.gone{content:"\\"}"}@font-face{src:url(x)}'

    assert '.kept:before{content:"}{"}@font-face{src:url(x)}' == slim.without_unused(css, "kept", "")


def test_a_part_that_is_switched_off_stays_where_a_page_uses_it():
    css = ".tabbed-set{top:0}.tabbed-control{top:1px}"

    assert "" == slim.without_unused(css, "<p>", "tabbed-set tabbed-control")
    assert css == slim.without_unused(css, '<div class="tabbed-set">', "tabbed-set tabbed-control")


def test_our_own_stylesheet_loses_comments_and_indentation():
    css = "/* why */\na:is(b, c) > d {\n  top: calc(1px + 2px);\n  left: 0;\n}\n\n@media print {\n  e { top: 0; }\n}"

    assert "a:is(b,c) > d{top: calc(1px + 2px);left: 0;}@media print{e{top: 0;}}" == slim.without_comments(
        css
    )


def test_tokens_that_look_like_plain_code_lose_their_tags():
    code = '<pre><span></span><code><b class="k">if</b><span class="w"> </span><span class="n">a</span></code></pre>'

    assert '<pre><code><b class="k">if</b> a</code></pre>' == slim.PLAIN_TOKEN.sub(r"\1", code)


def test_indentation_goes_and_code_stays_as_it_is():
    page = "<div>\n\n    <p>a\n      b</p>\n  <pre>\n\n    x\n</pre>\n   <script>\n  y()\n</script>\n</div>"

    assert (
        "<div>\n<p>a\nb</p>\n<pre>\n\n    x\n</pre>\n<script>\n  y()\n</script>\n</div>"
        == slim.without_indentation(page)
    )


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://github.com/acme/nexus.git", "https://github.com/acme/nexus"),
        ("git@gitlab.com:acme/nexus.git", "https://gitlab.com/acme/nexus"),
        ("/srv/git/nexus.git", ""),
    ],
)
def test_the_address_of_the_repository_comes_from_git(
    origin: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("REPO_URL", raising=False)
    monkeypatch.setattr(build.prepare, "ROOT", tmp_path)
    for command in (["git", "init", "-q"], ["git", "remote", "add", "origin", origin]):
        build.subprocess.run(command, cwd=tmp_path, check=True)

    assert expected == build.environment()["REPO_URL"]
