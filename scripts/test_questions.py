"""What a reader gets of a question: options that open, each with its verdict and its explanation."""

import html
import re

from markdown import Markdown

QUESTION = """\
### Why does it read every page? { #q-range-first }

- [ ] The index is too small.

    The planner has no such limit.

- [x] The range column comes *first*.

    The rows that match are spread.

- [ ] `SELECT count(*)` reads all.

    Not with an index.
"""


def rendered(text: str) -> str:
    return Markdown(extensions=["attr_list", "pymdownx.superfences", "questions"]).convert(text)


def options_of(page: str) -> list[tuple[str, str, str, str]]:
    """Of every option: its question, its class, its summary and what stands below."""
    return re.findall(
        r'<details class="(\w+)" name="([\w-]+)">\s*<summary>(.*?)</summary>(.*?)</details>', page, re.DOTALL
    )


def words(piece: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", piece)).split())


def test_one_option_is_right_and_every_other_is_wrong():
    options = options_of(rendered(QUESTION))

    assert ["wrong", "right", "wrong"] == [verdict for verdict, *_ in options]
    assert {"q-range-first"} == {name for _, name, *_ in options}


def test_each_option_carries_its_verdict_and_its_own_explanation():
    options = options_of(rendered(QUESTION))

    assert [
        "No. The planner has no such limit.",
        "Right. The rows that match are spread.",
        "No. Not with an index.",
    ] == [words(below) for *_, below in options]


def test_the_verdict_is_not_shown_before_the_option_is_opened():
    for _, _, summary, _ in options_of(rendered(QUESTION)):
        assert not re.search(r"\[[ x]\]|Right|No\.", summary)


def test_an_option_keeps_its_emphasis_and_its_code():
    summaries = [summary for _, _, summary, _ in options_of(rendered(QUESTION))]

    assert "<em>first</em>" in summaries[1]
    assert "<code>SELECT count(*)</code>" in summaries[2]


def test_a_block_of_code_and_a_list_belong_to_the_explanation_they_stand_in():
    text = QUESTION.replace(
        "    The planner has no such limit.\n",
        "    See:\n\n    ```sql\n    SELECT 1;\n\n    SELECT 2;\n    ```\n\n    - a\n    - b\n\n    That is all.\n",
    )

    first, second, _ = options_of(rendered(text))

    assert "SELECT1;SELECT2;" in words(first[3]).replace(" ", "")
    assert "<li>b</li>" in first[3]
    assert words(first[3]).endswith("That is all.")
    assert "SELECT" not in second[3]


def test_two_questions_on_a_page_are_two_groups():
    page = rendered(QUESTION + "\n" + QUESTION.replace("q-range-first", "q-second"))

    assert 2 == page.count('<div class="question">')
    assert ["q-range-first"] * 3 + ["q-second"] * 3 == [name for _, name, *_ in options_of(page)]


def test_words_between_a_question_and_its_options_stay_where_they_are():
    page = rendered(QUESTION.replace("}\n\n- [ ] The index", "}\n\nLook at the plan.\n\n- [ ] The index", 1))

    assert page.index("Look at the plan.") < page.index('<div class="question">')
    assert 3 == len(options_of(page))


def test_a_list_with_boxes_elsewhere_is_left_alone():
    page = rendered("## To do { #to-do }\n\n- [ ] one\n- [x] two\n")

    assert "<details" not in page
    assert "[ ] one" in page


def test_a_second_list_below_a_question_is_left_alone():
    page = rendered(f"{QUESTION}\nA paragraph.\n\n- [ ] not an option\n")

    assert 3 == len(options_of(page))
    assert "[ ] not an option" in page


def test_a_list_without_boxes_below_a_question_is_left_alone():
    page = rendered("### Why? { #q-why }\n\n- one\n- two\n")

    assert "<details" not in page
    assert "<li>one</li>" in page


def test_the_question_keeps_its_heading_and_its_id():
    assert '<h3 id="q-range-first">Why does it read every page?</h3>' in rendered(QUESTION)
