"""Every answer that is no success is named by what the engine must do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.providers.http.errors import Call, Detail, read_detail, read_document, read_retry_after, refusal

NOW_MS = 1_700_000_000_000  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("status", "detail", "create", "read"),
    [
        (400, "Prompt is required", Rejected, Rejected),
        (404, "Not Found", Rejected, GenerationNotFound),
        (410, "", Rejected, GenerationNotFound),
        (409, "", Rejected, Rejected),
        (413, "", Rejected, Rejected),
        (422, "", Rejected, Rejected),
        (401, "Invalid API key is provided", AccountProblem, AccountProblem),
        (402, "", AccountProblem, AccountProblem),
        (403, "Your subscription has ended", AccountProblem, AccountProblem),
        (403, "This API key may not do that", AccountProblem, AccountProblem),
        (403, "Access denied for this operation", Rejected, Rejected),
        (403, "", Rejected, Rejected),
        (400, "Prompt moderation failed", Rejected, Rejected),
        (500, "Frame moderation failed", Rejected, Rejected),
        (429, "Refused by moderation: your credit card", Rejected, Rejected),
        (402, "Advanced prompt moderation failed", Rejected, Rejected),
        (400, "Rate limit exceeded, please retry later", RateLimited, RateLimited),
        (400, "Too many concurrent generations", RateLimited, RateLimited),
        (422, "The limit of concurrent generations is reached", RateLimited, RateLimited),
        (400, "Monthly usage limit reached", AccountProblem, AccountProblem),
        (400, "You have reached the limit of this month", AccountProblem, AccountProblem),
        (429, "Quota has been exceeded", AccountProblem, AccountProblem),
        (400, "duration exceeds the limit of 10 s", Rejected, Rejected),
        (400, "Insufficient credits", AccountProblem, AccountProblem),
        (400, "credit_balance is 0", AccountProblem, AccountProblem),
        (422, "Your balance is too low", AccountProblem, AccountProblem),
        (409, "INSUFFICIENT FUNDS", AccountProblem, AccountProblem),
        (400, "Not refundable, fundamental or accredited", Rejected, Rejected),
        (429, "", RateLimited, RateLimited),
        (429, "Insufficient credits", AccountProblem, AccountProblem),
        (408, "", OutcomeUnknown, NotSent),
        (500, "", OutcomeUnknown, NotSent),
        (502, "<html>Insufficient credits</html>", OutcomeUnknown, NotSent),
        (503, "Insufficient credits", OutcomeUnknown, NotSent),
        (504, "Gateway timeout while checking the account balance", OutcomeUnknown, NotSent),
        (408, "Timed out waiting for credit check", OutcomeUnknown, NotSent),
        (500, "rate limit service unavailable", OutcomeUnknown, NotSent),
        (500, "Internal error in moderation service", OutcomeUnknown, NotSent),
        (502, "moderation backend unreachable", OutcomeUnknown, NotSent),
        (400, "Content was flagged by moderation", Rejected, Rejected),
        (400, "You have no credits left", AccountProblem, AccountProblem),
        (400, "Not enough funds", AccountProblem, AccountProblem),
        (422, "prompt: must not contain 'credits'", Rejected, Rejected),
        (400, "The prompt exceeds the character limit of 5000", Rejected, Rejected),
        (599, "", OutcomeUnknown, NotSent),
        (301, "", OutcomeUnknown, NotSent),
        (303, "", OutcomeUnknown, NotSent),
        (307, "", Rejected, NotSent),
        (308, "", Rejected, NotSent),
        (500, "400: concepts are not supported for this model", Rejected, Rejected),
        (400, "500: internal error", OutcomeUnknown, NotSent),
        (400, "429: slow down", RateLimited, RateLimited),
        (500, "400: 402: pay", AccountProblem, AccountProblem),
    ],
)
def test_answers_are_named_by_what_to_do(
    status: int, detail: str, create: type[ProviderError], read: type[ProviderError]
) -> None:
    """The status inside a sentence wins; the same answer is in doubt for a create and harmless for a read."""
    said = read_document({"detail": detail})
    assert type(refusal(Call.CREATE, status, said)) is create
    assert type(refusal(Call.GENERATION, status, said)) is read


def test_a_missing_list_is_not_a_missing_generation() -> None:
    assert type(refusal(Call.ACCOUNT, 404, Detail(status=None, text=""))) is Rejected


def test_a_refusal_without_words_names_its_status() -> None:
    assert str(refusal(Call.CREATE, 418, Detail(status=None, text=""))).endswith("HTTP 418")


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b'{"detail": "Prompt is required"}', None, "Prompt is required"),
        (b'{"detail": "400: no concepts"}', 400, "no concepts"),
        (b'{"detail": "400:no concepts"}', 400, "no concepts"),
        (b'{"detail": "16: 9 is no ratio"}', None, "16: 9 is no ratio"),
        (b'{"detail": "201: created"}', None, "201: created"),
        (b'{"error": "Rate limit exceeded"}', None, "Rate limit exceeded"),
        (b'{"error": {"message": "No such model"}}', None, "No such model"),
        (b'{"detail": " ", "message": "Forbidden"}', None, "Forbidden"),
        (b'"plain"', None, "plain"),
        (b"upstream connect error", None, "upstream connect error"),
        (b"  <html><body>502</body></html>", None, ""),
        (b"\xff\xfe", None, "\ufffd\ufffd"),
        (b"", None, ""),
        (b"[]", None, ""),
        (b"{}", None, ""),
        (b'{"detail": null}', None, ""),
        (b'{"detail": "one\\n\\u0007two\\u202e  three"}', None, "one two three"),
    ],
)
def test_every_form_of_detail_is_read(body: bytes, status: int | None, text: str) -> None:
    assert read_detail(body) == Detail(status=status, text=text)


def test_fields_are_named_and_their_input_is_not_repeated() -> None:
    detail = [
        {
            "type": "enum",
            "loc": ["body", "image_ref", 0, "weight"],
            "msg": "Input should be a number",
            "input": "secret",
            "ctx": {"expected": "secret"},
        },
        {"type": "missing", "loc": ["body", "model"], "msg": "Field required", "input": {}},
        {"type": "json_invalid", "loc": None},
        {"loc": ["body"], "msg": "Bad"},
        "sentence",
        7,
    ]
    assert read_document({"detail": detail}).text == (
        "image_ref.0.weight: Input should be a number; model: Field required; json_invalid; Bad; sentence"
    )


def test_credentials_and_addresses_are_hidden() -> None:
    key = "luma-8a66568343d09673-8a66568343d09673"
    said = f"{key} (Bearer abc.def) own-key at https://u:p@bot.example/media/token?sig=1, bad"
    assert read_document({"detail": said}, api_key="own-key").text == (
        "(hidden) ((hidden) (hidden) at bot.example/… bad"
    )


def test_a_huge_answer_is_cut() -> None:
    for body in (b'{"detail": "' + b"x" * 1_000_000 + b'"}', b"x" * 1_000_000):
        text = read_detail(body).text
        assert len(text) == 300
        assert text.endswith("…")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["detail", "error", "message", "loc", "msg", "type"]), inner)
    ),
)


@given(document=anything, key=st.text(max_size=5))
def test_any_document_is_read_as_one_line(document: Any, key: str) -> None:
    detail = read_document(document, api_key=key)
    assert len(detail.text) <= 300
    assert detail.text.isprintable()
    assert detail.text == " ".join(detail.text.split())
    assert detail.status is None or 400 <= detail.status <= 599


@given(body=st.binary(), status=st.integers(300, 999), call=st.sampled_from(Call))
def test_any_body_becomes_a_provider_error(body: bytes, status: int, call: Call) -> None:
    assert isinstance(refusal(call, status, read_detail(body)), ProviderError)


@pytest.mark.parametrize(
    ("header", "milliseconds"),
    [
        (None, None),
        ("0", 0),
        ("2", 2000),
        ("0.5", 500),
        ("-3", 0),
        ("3600", 120_000),
        ("inf", 120_000),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Tue, 14 Nov 2023 22:13:25 GMT", 5000),
        ("Tue, 14 Nov 2023 22:13:25 -0000", 5000),
        ("Tue, 14 Nov 2023 21:00:00 GMT", 0),
        ("Fri, 01 Jan 9999 00:00:00 GMT", 120_000),
        ("Fri, 99 Jan 2023 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(header: str | None, milliseconds: int | None) -> None:
    assert read_retry_after(header, now_ms=NOW_MS) == milliseconds


@given(header=st.text())
def test_retry_after_is_never_an_error(header: str) -> None:
    wait_ms = read_retry_after(header, now_ms=NOW_MS)
    assert wait_ms is None or 0 <= wait_ms <= 120_000
