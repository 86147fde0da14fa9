"""Commands as text, as people type them on keyboards that know better."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.command_text.parsing import check_options, parse
from bot.domain.commands import CATALOGUE, Command, Imagine, QuotasSet, Reframe, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.concepts import CONCEPTS, CONCEPTS_OPTION
from bot.domain.ids import new_id
from bot.domain.named_options import dump_named
from bot.domain.options import Kind, Option, options

_PLAIN = st.text(st.characters(categories=["L", "N"], max_codepoint=0x2FFF), min_size=3, max_size=12)
_PROMPT = st.lists(_PLAIN, min_size=1, max_size=5).map(" ".join)


_IDS = st.builds(new_id, st.integers(0, 2**47), st.binary(min_size=9, max_size=9))
_ADDRESSES = st.from_regex(
    r"https://[a-z]{1,9}\.example/[a-z0-9/]{0,9}(\.mp4)?(\?[a-z]=[0-9])?", fullmatch=True
)

_CONCEPTS = st.lists(st.sampled_from(CONCEPTS), min_size=1, max_size=8).map(",".join)


def _references(*, weighted: bool) -> st.SearchStrategy[str]:
    named = st.one_of(_IDS, _ADDRESSES)
    weights = st.sampled_from(["", "@0.85", "@1", "@0", "@.5"])
    return st.builds("{}{}".format, named, weights) if weighted else named


_NUMBERS = st.integers(0, 100).map(lambda hundredths: f"{hundredths / 100:g}")


def _whole_number(option: Option) -> st.SearchStrategy[str]:
    return st.integers(option.minimum, option.maximum).map(str)


def _value(option: Option) -> st.SearchStrategy[str]:
    match option.kind:
        case Kind.CHOICE | Kind.FLAG:
            return st.sampled_from(option.choices or ("true", "false"))
        case Kind.INTEGER | Kind.DECIMAL:
            return _NUMBERS if option.kind is Kind.DECIMAL else _whole_number(option)
        case Kind.JOB | Kind.MEDIA:
            return _IDS if option.kind is Kind.JOB else _references(weighted=option.weighted)
        case Kind.MONEY:
            return st.integers(0, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
        case Kind.ROLE | Kind.CHANNEL:
            return st.builds(dump_named, _IDS, _PLAIN)
        case _:
            return _CONCEPTS if option.name == CONCEPTS_OPTION else _PROMPT


@st.composite
def commands(draw: st.DrawFn) -> tuple[type[Command], dict[str, tuple[str, ...]]]:
    """A command and what was given for some of its options, all of them legal."""
    command = draw(st.sampled_from(list(CATALOGUE.values())))
    return command, {
        option.name: draw(st.lists(_value(option), min_size=1, max_size=option.max_count).map(tuple))
        for option in options(command)
        if option.required or draw(st.booleans())
    }


def _meant(option: Option, value: str) -> object:
    return value == "true" if option.kind is Kind.FLAG else value


def _flag(draw: st.DrawFn, option: Option, value: str) -> str:
    name = draw(st.sampled_from([option.name, *option.aliases]))
    if draw(st.booleans()):
        name = name.replace("_", "-").upper()
    name = draw(st.sampled_from(["--", "—", "–"])) + name
    if option.kind is Kind.FLAG:
        return name if value == "true" else f"{name}=no"
    quotes = draw(st.sampled_from(['""', "“”", "„“", "«»", "''", "‘’", "””"]))
    if " " in value or draw(st.booleans()):
        value = f"{quotes[0]}{value}{quotes[1]}"
    return name + draw(st.sampled_from(["=", " ", "  ", "\n"])) + value


@given(commands(), st.data())
def test_a_command_written_in_any_way_reads_as_the_same_command(
    given_: tuple[type[Command], dict[str, tuple[str, ...]]], data: st.DataObject
) -> None:
    command, values = given_
    spec = {option.name: option for option in options(command)}

    @st.composite
    def written(draw: st.DrawFn) -> str:
        parts = [
            " ".join(_flag(draw, spec[name], one) for one in several) for name, several in values.items()
        ]
        parts = draw(st.permutations(parts))
        name = command.name.upper() if draw(st.booleans()) else command.name
        slash = draw(st.sampled_from(["/", "", " /"]))
        return slash + draw(st.sampled_from([" ", "\t", " \n "])).join([name, *parts])

    expected: dict[str, Any] = {
        name: several if spec[name].max_count > 1 else _meant(spec[name], *several)
        for name, several in values.items()
    }
    text = data.draw(written())
    assert _outcome(lambda: build(command, expected)) == _outcome(lambda: parse(text))


def _outcome(read: Callable[[], Command]) -> Command | str:
    """A command, or why options that exclude each other are refused."""
    try:
        return read()
    except InvalidRequest as refusal:
        return str(refusal)


@given(_PROMPT, st.sampled_from(["9:16", "1:1"]), st.booleans())
def test_words_without_a_flag_go_to_the_options_that_need_no_name(
    prompt: str, ratio: str, quoted: bool
) -> None:
    text = f"“{prompt}”" if quoted else prompt
    job = new_id(1, b"123456789")
    assert Reframe(aspect_ratio=ratio, media=job, prompt=prompt) == parse(
        f"/reframe {ratio} #{job.upper()} {text}"
    )
    assert Imagine(prompt=prompt, aspect_ratio=ratio) == parse(f"/imagine --ar {ratio} {text}")


_NAMES = st.sampled_from([*CATALOGUE, "", "nonsense"])
_PIECES = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [" ", "--", "—", "=", '"', "'", "„", "“", "”", "--ar", "--m=", "3:4", "\n", "\0", "\ud800"]
    ),
)


@given(st.booleans(), _NAMES, st.lists(_PIECES, max_size=12))
@example(slash=True, name="imagine", pieces=['--prompt="'])
@example(slash=True, name="history", pieces=["9" * 5000])
@example(slash=True, name="quotas set", pieces=["--amount ", "9" * 5000])
@settings(max_examples=300)
def test_any_text_is_read_or_refused_with_a_short_sentence(slash: bool, name: str, pieces: list[str]) -> None:
    text = f"{'/' * slash}{name} {''.join(pieces)}"
    try:
        assert isinstance(parse(text), Command)
    except InvalidRequest as refusal:
        told = str(refusal)
    else:
        told = "read"
    assert 0 < len(told) < 1000


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("don't stop at the dogs' house", "don't stop at the dogs' house"),
        ("'round the world", "'round the world"),
        ("the so-called 'cat' and “dog”", "the so-called 'cat' and “dog”"),
        ('"a cat"', "a cat"),
        ("„eine Katze“", "eine Katze"),
        ("« un chat »", " un chat "),
        ('"a cat" and "a dog"', '"a cat" and "a dog"'),
        ("a -- b", "a -- b"),
        ("--", "--"),
        ("a — b – c", "a — b – c"),
        ("x=1 y = 2 a=b", "x=1 y = 2 a=b"),
        ("one\ntwo\n\nthree", "one two three"),
        ("🦊🏽‍🚀 in space", "🦊🏽‍🚀 in space"),
        ("قطة حمراء", "قطة حمراء"),
        ("a\u200bb\u200f c\u202e", "a\u200bb\u200f c\u202e"),
        ("-5 degrees", "-5 degrees"),
        ('"--ar 3:4" is a flag', '"--ar 3:4" is a flag'),
        ("nul\0less", "nulless"),
        ("20 foxes at 16:9", "20 foxes at 16:9"),
    ],
)
def test_a_prompt_stays_as_it_was_written(text: str, prompt: str) -> None:
    assert Imagine(prompt=prompt) == parse(f"/imagine {text}")
    assert Imagine(prompt=prompt, aspect_ratio="3:4") == parse(f"/imagine --ar=3:4 {text}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "/imagine"),
        ("/", "/help"),
        ("/imagin a fox", "Did you mean /imagine?"),
        ("/quotas", "/quotas set, /quotas show, /quotas grant, /quotas pace"),
        ("/imagine", "Prompt is required"),
        ("/imagine a fox --aspct 3:4", "Did you mean --aspect?"),
        ("/imagine a fox --modle x", "Did you mean --model?"),
        ("/imagine a fox --ar 3:4 --aspect 9:16", "--aspect_ratio is given twice"),
        ("/imagine a fox --ar", "--aspect_ratio needs a value"),
        ("/imagine a fox --ar --private", "--aspect_ratio needs a value"),
        ("/imagine a fox --ar 5:4", "the nearest are 4:3 and 1:1"),
        ("/imagine a fox --private=maybe", "yes or no"),
        ("/imagine " + "x" * 5001, "maximum length is 5000"),
        ("/history --count -5", "from 1 to 50"),
        ("/history 51", "from 1 to 50"),
        ("/history --count ten", "from 1 to 50"),
        ("/show https://example.org/fox.jpg", "is an address"),
        ("/extend --job fox", "/history lists yours"),
        ("/quota now", "no options"),
        ("/quota --now", "has no options"),
        ("/quotas set ada --amount 0,25", "write it like 5 or 0.25"),
        ("/quotas set ada", "amount is missing"),
        ("/studio pause " + "x" * 201, "maximum length is 200"),
    ],
)
def test_a_refusal_says_what_to_write_instead(text: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse(text)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"amount": "a lot"}, "amount"),
        ({}, "amount"),
        ({"amount": "5", "period": "year"}, "period"),
        ({"amount": "5", "member": "a" * 101}, "member"),
        ({"amount": "5", "member": "ada", "workspace": True}, ""),
    ],
)
def test_a_refusal_names_the_option_to_change(values: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        build(QuotasSet, values)
    assert option == refusal.value.option


def test_a_name_of_several_words_needs_no_quotes() -> None:
    expected = QuotasSet(member="Ada Lovelace", amount=2_500_000, period="week")
    assert expected == parse("/quotas set Ada Lovelace --amount $2.50 --period week")


@pytest.mark.parametrize("command", CATALOGUE.values(), ids=lambda command: command.name)
def test_every_example_is_a_command(command: type[Command]) -> None:
    assert command is type(parse(command.example))


@pytest.mark.parametrize(
    "piece", ['"a" ', "'a ", '"', '--ar="a ', "a=' ", "--", "-", "=", "word ", "\n", "“a„ "]
)
def test_reading_takes_time_in_proportion_to_the_length(piece: str) -> None:
    text = "/imagine " + piece * (200_000 // len(piece))
    started = time.process_time()
    with pytest.raises(InvalidRequest):
        parse(text)
    assert time.process_time() - started < 2  # a quadratic reading takes minutes


@pytest.mark.parametrize(
    "text",
    [
        "un caballero \u2014viejo y cansado\u2014",
        "un caballero \u2013viejo\u2013 y cansado",
        "\u2014Hola, dijo el zorro",
        "das Haus \u2013so alt wie die Welt\u2013 brennt",
        "a fox \u2014red=hot\u2014 in snow",
    ],
)
def test_a_dash_within_prose_is_no_flag(text: str) -> None:
    assert text == _imagined(text).prompt


def test_prose_with_dashes_may_be_a_flag_s_value_or_stand_before_one() -> None:
    made = _imagined("un zorro \u2014viejo\u2014 \u2014ar 3:4")
    assert ("un zorro \u2014viejo\u2014", "3:4") == (made.prompt, made.aspect_ratio)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a fox \u2014modle photon-1", "--model"),
        ("a fox \u2013aspect-rato 3:4", "--aspect_ratio"),
        ("a fox --viejo", "/imagine has no --viejo"),
    ],
)
def test_a_name_that_is_nearly_a_flag_s_is_asked_about(text: str, hint: str) -> None:
    with pytest.raises(InvalidRequest, match=hint):
        _imagined(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/imagine a street --no people", "Describe what is to be seen"),
        ("/imagine a fox --seed 42", "🎲 makes the same again"),
        ("/imagine a fox --sref #4n6p8r", "--style does that here: a picture whose style"),
        ("/imagine a fox —sref #4n6p8r", "--style does that here"),
        ("/imagine a fox --v 6", "--model does that here: photon-1, photon-flash-1"),
        ("/animate a fox --image #4n6p8r", "--start does that here: the first frame"),
        ("/reframe 9:16 --image #4n6p8r", "--media does that here"),
        ("/reframe 9:16 --sref #4n6p8r", "/reframe has no --sref; /imagine has it as --style"),
        ("/imagine a fox --stylize 200", "words in the prompt steer it"),
        ("/audio rain --no thunder", "Describe what is to be seen"),
    ],
)
def test_options_of_other_bots_are_answered_by_what_exists_here(text: str, answer: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    assert answer in str(refused.value)


def test_an_aspect_ratio_that_nobody_offers_names_its_neighbours() -> None:
    for ratio, near in (("5:4", "4:3 and 1:1"), ("11:5", "21:9 and 16:9"), ("1:9", "9:16")):
        with pytest.raises(InvalidRequest, match=f"{ratio} is not offered; the nearest .* {near}") as refused:
            _imagined(f"a fox --ar {ratio}")
        assert refused.value.option == "aspect_ratio"


def test_the_options_of_a_text_are_checked_one_by_one() -> None:
    text = '/imagine a fox 🦊 --ar 7:2 --n=3 --private --no "people, cars" --format'
    found = [(one.written, one.name, one.value, bool(one.problem)) for one in check_options(text)]
    assert found == [
        ("--ar 7:2", "aspect_ratio", "7:2", True),
        ("--n=3", "count", "3", False),
        ("--private", "private", "true", False),
        ('--no "people, cars"', None, "people, cars", True),
        ("--format", "format", "", True),
    ]
    assert check_options("/imagin a fox --ar 7:2") == check_options("a fox --ar 7:2") == ()


def _imagined(text: str) -> Imagine:
    made = parse(f"/imagine {text}")
    assert isinstance(made, Imagine)
    return made
