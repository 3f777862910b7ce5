"""Views: put together in a form that needs no script, kept, shared, ordered, opened by default; and how the list looks."""

from __future__ import annotations

import json
import re

import pytest

from app.db import reading, transaction
from app.models import ListSetting, SavedView, Team
from app.queries import conversation_list, filter_groups
from tests.inbox_house import Seeded, counted, part, seeded
from tests.rooms import Visitor

__all__ = ["seeded"]

SAD = {"field:1": "sentiment", "operator:1": "is", "value:1": "negative", "match:": "all"}


def _keep(browser: Visitor, name: str, **more: str) -> str:
    """Keep a view of what is sad, and return where it is shown."""
    browser.get("/inbox/filter")
    answer = browser.post("/inbox/filter", {**SAD, "do": "save", "name": name, "colour": "red", **more})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def _id_in(address: str) -> str:
    return re.search(r"saved=([0-9a-f-]+)", address).group(1)  # type: ignore[union-attr]


def _names(page: str) -> list[str]:
    """Return the names of the views in the list of all, without those that other tests share."""
    return [name for name in re.findall(r'class="view-name"[^>]*>([^<]+)<', page) if not name.startswith("A team")]


def test_a_filter_is_put_together_step_by_step(seeded: Seeded) -> None:
    browser = seeded.visitor()
    begun = browser.get("/inbox/filter?tag=&sentiment=negative")
    assert 'name="field:2"' in begun.text, "the status of the tab, and the sentiment of the menu"
    draft = {"match:": "all", "field:1": "status", "operator:1": "is", "value:1": "open"}
    page = browser.post("/inbox/filter", {**draft, "do": "group:"}).text
    assert 'name="match:2"' in page
    assert 'name="field:2.1"' in page
    draft |= {
        "match:2": "any",
        "not:2": "1",
        "field:2.1": "mood",
        "was:2.1": "mood",
        "operator:2.1": "at_most",
        "value:2.1": "-9",
    }
    refused = browser.post("/inbox/filter", {**draft, "do": "show"})
    assert refused.status_code == 422
    assert "Condition 2.1: “Mood” needs a number from -1 to 1." in refused.text
    assert re.search(r'name="field:2.1"[^>]*aria-invalid="true"', refused.text)
    shown = browser.post("/inbox/filter", {**draft, "value:2.1": "-0.2", "do": "show"})
    found = browser.get(shown.headers["Location"])
    assert "2 conditions" in found.text
    assert found.text.count('class="row-item"') > 3


def test_what_a_condition_looks_at_draws_the_form_anew(seeded: Seeded) -> None:
    browser = seeded.visitor()
    browser.get("/inbox/filter")
    page = browser.post(
        "/inbox/filter",
        {"match:": "all", "field:1": "created", "was:1": "status", "operator:1": "is", "value:1": "open"},
    ).text
    assert "in the last … days" in page
    assert 'type="number" min="1" max="3650"' in page


def test_a_view_is_kept_counted_and_shown(seeded: Seeded) -> None:
    browser = seeded.visitor()
    address = _keep(browser, "Sad ones")
    page = browser.get(address).text
    rows = page.count('class="row-item"')
    assert rows > 3
    assert page.count("chip-negative") >= rows
    beside = re.search(r'data-view="%s".*?nav-count">(\d+)<' % _id_in(address), page, re.DOTALL)  # noqa: UP031 - braces
    assert beside
    assert int(beside.group(1)) == rows
    assert 'aria-current="true"' in page[beside.start() : beside.end()]
    fragment = browser.get("/inbox/views", **part("saved-views")).text
    assert "Sad ones" in fragment
    assert "<html" not in fragment


def test_who_sees_and_changes_views(seeded: Seeded) -> None:
    ana, ben, chloe = (seeded.visitor(name) for name in ("ana", "ben", "chloe"))
    own = _keep(ben, "Only mine")
    assert chloe.get(f"/inbox/filter?edit={_id_in(own)}").status_code == 404
    assert "Only mine" not in ana.get("/inbox").text
    ben.get("/inbox/filter")
    assert (
        ben.post(
            "/inbox/filter", {**SAD, "do": "save", "name": "For all", "colour": "red", "scope": "everyone"}
        ).status_code
        == 422
    )
    shared = _keep(ana, "For all", scope="everyone")
    assert "For all" in chloe.get("/inbox").text
    assert chloe.post(f"/inbox/views/{_id_in(shared)}/removal").status_code == 403
    with reading() as session:
        team = session.query(Team).order_by(Team.id).first()
        assert team is not None
    teams = _keep(ana, "A team's", scope="team", team=str(team.public_id))
    with reading() as session:
        stored = session.query(SavedView).filter(SavedView.name == "A team's").one()
        assert (stored.team_id, stored.version) == (team.id, 1)
    for name in ("ben", "chloe"):
        browser = seeded.visitor(name)
        is_member = seeded.made.users[name].id in _members(team)
        assert ("A team" in browser.get("/inbox/views/order").text) is is_member
        assert (browser.get(f"/inbox/filter?edit={_id_in(teams)}").status_code == 200) is is_member
    assert ana.post(f"/inbox/views/{_id_in(shared)}/removal").status_code == 303
    assert "For all" not in chloe.get("/inbox").text


def _members(team: Team) -> set[int]:
    from app.models import TeamMember

    with reading() as session:
        return {one.user_id for one in session.query(TeamMember).filter(TeamMember.team_id == team.id)}


def test_a_view_that_changed_meanwhile_is_not_overwritten(seeded: Seeded) -> None:
    browser = seeded.visitor()
    view = _id_in(_keep(browser, "Twice"))
    change = {**SAD, "do": "save", "view": view, "version": "1", "colour": "blue"}
    browser.get(f"/inbox/filter?edit={view}")
    assert browser.post("/inbox/filter", {**change, "name": "First"}).status_code == 303
    late = browser.post("/inbox/filter", {**change, "name": "Second"})
    assert "Somebody changed this view meanwhile" in late.text


def test_order_and_default(seeded: Seeded) -> None:
    browser = seeded.visitor("chloe")
    ids = [_id_in(_keep(browser, name)) for name in ("B second", "A first", "C third")]
    assert _names(browser.get("/inbox/views/order").text) == ["A first", "B second", "C third"]
    shown = [ids[1], ids[0], ids[2]]
    browser.post("/inbox/views/order", {"id": shown, "down": ids[1]})
    assert _names(browser.get("/inbox/views/order").text) == ["B second", "A first", "C third"]
    browser.post("/inbox/views/order", {"id": [ids[2], ids[1], ids[0]]})
    assert _names(browser.get("/inbox/views/order").text) == ["C third", "A first", "B second"]
    browser.post("/inbox/views/default", {"view": ids[0]})
    assert f"saved={ids[0]}" in browser.get("/inbox").headers["Location"]
    assert browser.get("/inbox?view=all").status_code == 200
    listed = browser.get("/inbox", **part("list"))
    assert listed.headers["HX-Push-Url"] == "/inbox?view=all"
    browser.post(f"/inbox/views/{ids[0]}/removal")
    assert browser.get("/inbox").status_code == 200


def test_how_the_list_looks_is_remembered(seeded: Seeded) -> None:
    browser = seeded.visitor("dev")
    assert "row-preview" in browser.get("/inbox").text
    browser.post("/inbox/looks", {"density": "compact", "part": ["subject", "mood"]})
    page = browser.get("/inbox").text
    assert 'data-density="compact"' in page
    assert "row-preview" not in page
    assert "row-subject" in page
    with reading() as session:
        setting = session.get_one(ListSetting, seeded.made.users["dev"].id)
    assert "preview" in setting.hidden
    assert browser.post("/inbox/looks", {"density": "tiny"}).status_code == 422


@pytest.mark.parametrize("where", ["{", json.dumps({"match": "all", "of": [{"field": "x"}]}), "9" * 9000])
def test_conditions_that_cannot_be_read_find_nothing_and_say_why(seeded: Seeded, where: str) -> None:
    page = seeded.visitor().client
    page_text = seeded.visitor().get(f"/inbox?where={where}").text
    assert page is not None
    assert 'id="where-problem"' in page_text
    assert 'class="row-item"' not in page_text


def test_a_view_of_another_release_says_what_is_wrong(seeded: Seeded) -> None:
    browser = seeded.visitor()
    address = _keep(browser, "Old")
    with transaction() as session:
        session.query(SavedView).filter(SavedView.name == "Old").one().conditions = {
            "match": "all",
            "of": [{"field": "gone"}],
        }
    page = browser.get(address).text
    assert "cannot be shown any more" in page
    assert 'class="row-item"' not in page
    assert browser.get(f"/inbox/filter?edit={_id_in(address)}").status_code == 422


def test_statements_of_a_page_with_views(seeded: Seeded) -> None:
    browser = seeded.visitor("ben")
    address = _keep(browser, "Counted")
    for path, headers, most in ((address, {}, 8), (address, part("list"), 7), ("/inbox/views", part("saved-views"), 6)):
        with counted() as said:
            assert browser.get(path, **headers).status_code == 200
        assert len(said) <= most, "\n\n".join(said)


def test_hostile_names_are_text(seeded: Seeded) -> None:
    browser = seeded.visitor()
    address = _keep(browser, "<script>alert(1)</script>")
    for path in (address, "/inbox/views/order"):
        assert "<script>alert" not in browser.get(path).text


def test_what_menus_narrow_becomes_conditions_that_find_the_same(seeded: Seeded) -> None:
    from app.queries.conversation_filters import Filters, as_group
    from app.services import access

    user = seeded.made.users["ana"]
    plain = Filters(status="open", sentiment="negative", mood="-1..-0.2", channel="mail", search="-tag:refund")
    group = filter_groups.checked(filter_groups.as_json(as_group(plain)))
    with reading() as session:
        ids = access.inbox_ids_of(user)
        pages = [
            conversation_list.page(session, user=user, inbox_ids=ids, filters=one, rows=400)
            for one in (plain, Filters(status="all", within=(group,)))
        ]
    assert [row.public_id for row in pages[0].rows] == [row.public_id for row in pages[1].rows] != []
