"""Markdown extension: a task list under a heading `q-…` becomes a question that answers when an option is opened.

    ### Why does the second query read every page? { #q-range-first }

    - [ ] The index is too small to be used.

        The planner has no such limit.

    - [x] The range column comes first.

        The rows that match are spread over the whole range.

On a code host this stays a task list with explanations. On the site each option is a `<details>`: the reader opens
the one they believe and reads whether it is right, and why. It needs no JavaScript.
"""

import re
from xml.etree import ElementTree

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

BOX = re.compile(r"^\[(?P<mark>[ xX])\]\s+")


class Questions(Treeprocessor):
    """Turn each task list that follows a heading with an id `q-…` into a group of `<details>`."""

    def run(self, root: ElementTree.Element) -> None:
        for parent in list(root.iter()):
            question = ""
            for place, child in enumerate(list(parent)):
                if re.fullmatch(r"h[1-6]", child.tag):
                    question = child.get("id", "") if child.get("id", "").startswith("q-") else ""
                elif child.tag == "ul" and question and _first_text(child) and BOX.match(_first_text(child)):
                    parent[place] = _group(child, question)
                    question = ""


def _group(options: ElementTree.Element, question: str) -> ElementTree.Element:
    group = ElementTree.Element("div", {"class": "question"})
    for item in options:
        # A loose list item holds paragraphs: the first is the option, the rest explain it.
        option = item[0] if len(item) and item[0].tag == "p" else item
        match = BOX.match(option.text or "")
        right = bool(match and match["mark"] in "xX")
        option.text = (option.text or "")[match.end() if match else 0 :]
        details = ElementTree.SubElement(
            group, "details", {"name": question, "class": "right" if right else "wrong"}
        )
        summary = ElementTree.SubElement(details, "summary")
        summary.text = option.text
        summary.extend(list(option))
        verdict = ElementTree.SubElement(details, "p", {"class": "verdict"})
        verdict.text = "Right." if right else "No."
        details.extend(list(item)[1:] if option is not item else [])
    return group


def _first_text(options: ElementTree.Element) -> str:
    item = options[0] if len(options) else None
    if item is None:
        return ""
    return (item[0].text if len(item) and item[0].tag == "p" else item.text) or ""


class QuestionsExtension(Extension):
    """Register `Questions` after inline patterns and after `attr_list` has given headings their ids."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.treeprocessors.register(Questions(md), "questions", 7)


def makeExtension(**settings: object) -> QuestionsExtension:
    """What Markdown calls to load the extension."""
    return QuestionsExtension(**settings)
