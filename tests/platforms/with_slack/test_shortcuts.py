"""The menus of messages: on our results, and on what others have sent."""

from pathlib import Path

from tests.platforms.with_slack.studio_house import job_of, medium, open_studio, words


async def test_on_a_result_the_menu_does_what_its_buttons_do(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        card = await house.imagine()
        details = await house.ada.use_on(card, "Details").response()
        form = await house.ada.use_on(card, "Reframe").view()
        extending = await house.ada.use_on(card, "Extend").response()
        house.ada.use_on(card, "Variation")
        varied = await house.card(until=lambda one: one is not card)
        house.ada.slash("/imagine", "two foxes --count 2")
        several = await house.card(until=lambda one: "two foxes" in one.text and len(one.blocks) > 5)
        choosing = await house.ada.use_on(several, "Animate").response()

    assert job_of(card) == job_of(details)
    assert "reverie_rewording" == form.told["callback_id"]
    assert "cannot be used on a picture" in words(extending)
    assert "Made from" in words(varied)
    assert "rv:pick" in words(choosing)


async def test_on_what_others_have_sent_a_form_opens_with_it(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as house:
        plain = house.boss.write("good morning")
        film, picture = house.boss.file("a.mp4", b"x" * 9), house.boss.file("b.png", b"x" * 9)
        message = house.boss.write("look", film, picture)
        nothing = await house.ada.use_on(plain, "Animate").response()
        foreign = await house.ada.use_on(message, "Extend").response()
        unknown = await house.ada.use_on(message, "Details").response()
        animating = await house.ada.use_on(message, "Animate").view()
        reframing = await house.ada.use_on(message, "Reframe").view()
        other = await house.ada.use_on(message, "Variation").view()
        over = house.ada.submit(reframing, {})
        await over.acknowledged()
        house.ada.submit(other, {"prompt": "like this"})
        card = await house.slack.message_in(house.general, lambda one: "like this" in one.text)

    assert "no picture or video" in words(nothing)
    assert "made with Reverie" in words(foreign)
    assert "not made with Reverie" in words(unknown)
    assert ["1 · picture"] == medium(animating)
    assert ["1 · video", "2 · picture"] == medium(reframing)
    assert "start again" in next(iter(over.errors.values()))
    assert card.author.is_bot
