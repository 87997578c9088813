from html import escape

from draw_tokens import INPUT, parameterised, picture, string_built


def test_the_input_becomes_six_tokens_and_as_a_parameter_none():
    ours = [(text, kind) for text, kind, from_input in string_built() if from_input]

    assert ["''", "OR", "'1'", "=", "'1'"] == [text for text, _ in ours[:-1]]
    assert ["text", "keyword", "text", "operator", "text", "comment"] == [kind for _, kind in ours]
    assert 0 == sum(from_input for *_, from_input in parameterised())
    assert 2 == sum(kind == "parameter" for _, kind, _ in parameterised())


def test_the_picture_shows_the_input_whole():
    assert f">{escape(INPUT)}</text>" in picture()
