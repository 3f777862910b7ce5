"""The main job as people see it: every process runs, a real mailbox, a real SMTP server, real browsers."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.utils import getaddresses

from playwright.sync_api import FilePayload, Page, expect

from tests.chromium import watch
from tests.flows.conftest import Stage
from tests.seed_files import picture

PARCEL = picture(40, 30, 90)
PASTE_FILE = """words => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["one"], "list.txt", { type: "text/plain" }));
    words.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
ANGRY = "This is terrible. I am furious: nobody answers and my parcel is still missing. Worst service ever!"


def letter(text: str, *, sender: str = "Mia Lang <mia@example.com>", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, headers.pop("To", "support@acme.example")
    mail["Subject"] = headers.pop("Subject", "Where is my parcel?")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def write_formatted(page: Page) -> None:
    """Write with the signs of Markdown, emoji by name and from their sheet, and a picture; undo and redo."""
    expect(page.locator(".composer-rich")).to_be_visible()  # before, the same name is the plain field's
    words = page.get_by_role("textbox", name="Your words")
    words.click()
    page.keyboard.type("We **found** it. :tada:")
    expect(words).to_contain_text("🎉")
    file: FilePayload = {"name": "parcel.png", "mimeType": "image/png", "buffer": PARCEL}
    page.set_input_files(".composer-format input[type=file]", file)
    expect(words.get_by_role("img", name="parcel.png")).to_be_visible()
    words.evaluate(PASTE_FILE)
    expect(page.locator(".composer-files .chip")).to_contain_text(["list.txt"])
    page.keyboard.press("Enter")
    page.keyboard.type("- It leaves today")
    page.keyboard.press("Enter")
    page.keyboard.type("we are *sorry*")
    expect(page.get_by_role("button", name="List", exact=True)).to_have_attribute("aria-pressed", "true")
    page.click("[data-emoji]")
    page.get_by_role("combobox", name="Search emoji").press_sequentially("rocket")
    expect(page.get_by_role("option", name="rocket", exact=True)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(words).to_contain_text("🚀")
    page.keyboard.press("Control+z")
    expect(words).not_to_contain_text("🚀")
    page.keyboard.press("Control+y")
    expect(page.locator("textarea[name=text]").first).to_have_value(
        re.compile(r"it\. 🎉.*\n\n- It.*\n- we are \*sorry\*🚀")
    )


def check_formatted(sent: EmailMessage) -> None:
    assert (
        words_of(sent).replace("\r", "").strip() == "We found it. 🎉[parcel.png]\n\n- It leaves today\n- we are sorry🚀"
    )
    page = sent.get_body(("html",))
    assert page
    html = str(page.get_content()).replace("\r", "")
    assert "<p>We <strong>found</strong> it. 🎉<img " in html
    assert "<li>It leaves today</li>\n<li>we are <em>sorry</em>🚀</li>" in html
    shown = re.search(r'src="cid:([^"]+)" alt="parcel.png"', html)
    assert shown
    (parcel,) = [part for part in sent.walk() if part["Content-ID"] == f"<{shown[1]}>"]
    assert parcel.get_content() == PARCEL
    assert [part.get_content_type() for part in sent.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "text/plain",
    ]  # fmt: skip


def test_mail_to_browser_and_back_with_two_agents_watching(stage: Stage) -> None:
    ana, ben = stage.sign_in(), stage.sign_in("ben")
    trouble = watch(ana) + watch(ben)

    stage.mailbox.append(letter(ANGRY, Message_ID="<first@example.com>"))
    for page in (ana, ben):  # appears by itself, then understood
        expect(page.locator("#list a.row", has_text="Where is my parcel?")).to_be_visible()
        expect(page.locator("#list a.row .chip-negative")).to_be_visible()

    ana.click("#list a.row")
    expect(ana.locator("#pane .message-text").first).to_contain_text("I am furious")
    write_formatted(ana)
    ana.click("button[data-send=reply]")
    sent = stage.smtp.wait_for(1)[0].mail
    assert sent["In-Reply-To"] == "<first@example.com>"
    check_formatted(sent)
    ours = ana.locator("#pane .message-out .message-formatted")
    expect(ours.locator("strong")).to_have_text("found")
    expect(ours.get_by_role("img", name="parcel.png")).to_have_js_property("naturalWidth", 40)
    expect(ana.locator("#pane .message-out .state-sent")).to_be_visible()

    token_address = getaddresses([sent["Reply-To"]])[0][1]
    assert token_address.startswith("support+r-")
    answer = f"Thank you so much, that is wonderful!\n\nOn Fri, 20 Nov 2026, Support wrote:\n> {sent['Subject']}\n> We found it."
    stage.mailbox.append(letter(answer, To=token_address, Subject="Re: something else"))
    newest = ana.locator("#pane .message-in .message-text", has_text="that is wonderful")
    expect(newest).to_be_visible()
    expect(newest).not_to_contain_text("We found it")
    expect(ana.locator("#list a.row")).to_have_count(1)

    ben.click("#list a.row")
    expect(ben.locator("#pane .message-text", has_text="It leaves today")).to_be_visible()
    ben.click("button.tool-resolve")
    expect(ana.locator("#pane .chip-resolved").first).to_be_visible()
    assert trouble == []


def test_live_equals_fresh(stage: Stage) -> None:
    """What pokes made of a page is what the server renders anew."""
    page = stage.sign_in()
    stage.mailbox.append(letter("Hello, is the blue tent in stock?", Message_ID="<a@example.com>"))
    page.locator("#list a.row", has_text="Where is my parcel?").click()
    stage.mailbox.append(letter("I meant the green one.", In_Reply_To="<a@example.com>"))
    stage.mailbox.append(letter("A refund please.", sender="zoe@example.org", Subject="Order 9"))
    expect(page.locator("#list a.row")).to_have_count(2)
    expect(page.locator("#pane .message-in")).to_have_count(2)
    expect(page.locator("#list .row-end .avatar-disc")).to_have_count(2)  # both were given to somebody
    page.wait_for_load_state("networkidle")

    fresh = page.context.new_page()
    fresh.goto(page.url)
    fresh.wait_for_selector("#live[data-state=live]", state="attached")

    def words(where: Page, region: str) -> str:
        return " ".join(where.inner_text(region).split())

    for region in ("#list", "#pane .timeline", "#rail"):
        expect(page.locator(region)).to_have_text(fresh.locator(region).inner_text(), use_inner_text=True)
        assert words(page, region) == words(fresh, region)


def test_reading_and_replying_work_without_javascript(stage: Stage) -> None:
    stage.mailbox.append(letter("Do you ship to Norway?", Message_ID="<norway@example.com>"))
    page = stage.sign_in(java_script_enabled=False)
    while page.locator("#list a.row").count() == 0:
        page.reload()
    page.click("#list a.row")
    assert "Do you ship to Norway?" in page.inner_text("#pane")
    page.fill("textarea[name=text]", "Yes, within four days.")
    page.click("button[data-send=reply]")
    assert "Yes, within four days." in page.inner_text("#pane")
    assert "within four days" in words_of(stage.smtp.wait_for(1)[0].mail)


def test_a_worker_that_is_killed_loses_nothing(stage: Stage) -> None:
    page = stage.sign_in()
    for name in ("relay", "worker", "annotator", "poller"):
        stage.product.kill(name)
    stage.mailbox.append(letter(ANGRY, Subject="While nobody worked"))
    commands = {
        "relay": ["relay"],
        "worker": ["run", "ingest", "default"],
        "annotator": ["annotate"],
        "poller": ["poll"],
    }
    for name, words in commands.items():
        stage.product.start(name, ["python", "-m", "workers", *words])
    expect(page.locator("#list a.row", has_text="While nobody worked")).to_be_visible(timeout=100_000)
    expect(page.locator("#list a.row .chip-negative")).to_be_visible(timeout=60_000)
