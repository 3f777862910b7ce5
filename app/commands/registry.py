"""Every command: what it is called, its keys, where it applies, and which control of the page it stands for.

The keyboard, its sheet, the command bar and Settings, Keyboard are drawn from this list. A command does what a visible
control does: `path` goes there, `press` clicks the control, `focus` puts the cursor into it and opens what it stands
in; in the command bar `choices` offers the options or buttons that it names. One with none of these has a function of
its name in app/static/src/commands/handlers.ts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from app.commands.pages import ADMINS, EVERYBODY, SETTINGS, SUPERVISORS, Page
from app.models import Role
from app.phrases import Phrase, phrase, phrase_in

GO_TO = phrase_in("area", "Go to")
EVERYWHERE, INBOX, CONVERSATION = "everywhere", "inbox", "conversation"


@dataclass(frozen=True, slots=True)
class Command:
    """`keys` are typed one after the other ("g i"), or held down with Mod (Ctrl, or Command on a Mac) or Alt ("Alt+a");
    these are those that hold until a user changes them, "" for none.

    `where` says what must be on the page: anything, the inbox, or an open conversation. `is_fixed`: its control listens
    to these keys itself. `also`: words that people look for and that do not stand in the title.
    """

    id: str
    title: str
    keys: str = ""
    where: str = EVERYWHERE
    path: str = ""
    press: str = ""
    focus: str = ""
    choices: str = ""
    also: str = ""
    roles: frozenset[Role] = EVERYBODY
    is_fixed: bool = False


HEAD, SIDE = ".conversation-head ", "#details "
THEME = "form.theme-choice button[value='{}']"


def _setting(page: Page) -> Command:
    name = page.path.removeprefix("/settings/").removeprefix("/")
    return Command(f"settings-{name}", page.title, path=page.path, roles=page.roles, also=f"{page.about} {page.also}")


def _settings(apart_from: tuple[Command, ...]) -> tuple[Command, ...]:
    """Make a command of every settings page that has none."""
    had = {command.path for command in apart_from}
    return tuple(_setting(page) for pages in SETTINGS.values() for page in pages if page.path not in had)


COMMANDS: dict[Phrase, tuple[Command, ...]] = {
    phrase_in("area", "Everywhere"): (
        Command("commands", phrase("Open the command bar"), "Mod+k"),
        Command("help", phrase("Show all keys"), "?"),
        Command("search", phrase("Search this page"), "/", focus=".search-text, main input[type='search']"),
        Command("menu", phrase("Open your menu"), "g x", focus=".user-menu button, .user-menu a"),
        Command("work", phrase("Take new work, or take none"), "g w", press="form[action='/account/accepting'] button"),
        Command("light", phrase("Light theme"), press=THEME.format("light"), also="appearance bright"),
        Command("dark", phrase("Dark theme"), press=THEME.format("dark"), also="appearance night"),
        Command(
            "system-theme", phrase("Theme of this device"), press=THEME.format("system"), also="appearance light dark"
        ),
        Command("sign-out", phrase("Sign out"), press="form[action='/sign-out'] button", also="leave log out"),
        Command("escape", phrase("Leave a field, close what is open"), "Escape", is_fixed=True),
    ),
    GO_TO: (
        Command("go-inbox", phrase("Inbox"), "g i", path="/inbox"),
        Command("go-all", phrase("All conversations"), "g a", path="/inbox?view=all"),
        Command("go-mine", phrase("My conversations"), "g m", path="/inbox?view=mine"),
        Command("go-unassigned", phrase("Unassigned"), "g u", path="/inbox?view=unassigned"),
        Command("go-mentions", phrase("Mentions"), "g e", path="/inbox?view=mentions", also="notes named me"),
        Command("go-followed", phrase("Followed by me"), "g l", path="/inbox?view=followed", also="watching"),
        Command("go-pending", phrase("Pending"), "g p", path="/inbox?status=pending"),
        Command("go-snoozed", phrase("Snoozed"), "g z", path="/inbox?status=snoozed"),
        Command("go-resolved", phrase("Resolved"), "g d", path="/inbox?status=resolved"),
        Command("go-cases", phrase("Cases"), "g k", path="/cases"),
        Command("go-contacts", phrase("Contacts"), "g c", path="/contacts"),
        Command("go-search", phrase_in("place", "Search"), "g f", path="/search", also="find"),
        Command("go-entry", phrase("Log a call or a letter"), "g n", path="/entries/new"),
        Command("go-reports", phrase("Reports"), "g r", path="/reports/sentiment", roles=SUPERVISORS),
        Command("go-alerts", phrase("Alerts"), "g b", path="/alerts"),
        Command("go-keys", phrase("Keyboard"), "g h", path="/settings/keyboard", also="shortcuts hotkeys remap"),
        Command("go-settings", phrase("Settings"), "g s", path="/settings"),
        Command("go-account", phrase("Your account"), "g y", path="/account"),
        Command("go-channels", phrase("Channels"), "g o", path="/settings/channels", roles=ADMINS),
        Command("go-canned", phrase("Canned responses"), "g q", path="/settings/canned-responses"),
        Command("go-tags", phrase("Tags"), "g t", path="/settings/tags", roles=SUPERVISORS),
    ),
    phrase_in("area", "List"): (
        Command("next", phrase("Next conversation"), "j", INBOX),
        Command("previous", phrase("Previous conversation"), "k", INBOX),
        Command("next-unread", phrase("Next unread conversation"), "J", INBOX),
        Command(
            "focus-list", phrase("Put the cursor into the list"), "h", INBOX, focus="#rows [aria-current], #rows .row"
        ),
        Command("filter", phrase_in("verb", "Filter"), "f", INBOX, focus=".filter-form select"),
    ),
    phrase_in("area", "Conversation"): (
        Command("reply", phrase_in("verb", "Reply"), "r", CONVERSATION),
        Command("note", phrase("Write a note"), "n", CONVERSATION),
        Command("resolve", phrase("Resolve, or reopen"), "e", CONVERSATION, press="[data-key='e']"),
        Command("assign-me", phrase("Assign to me"), "a", CONVERSATION, press="[data-key='a']"),
        Command(
            "assign",
            phrase("Assign to somebody"),
            "m",
            CONVERSATION,
            focus=f"{SIDE}select[name='assignee']",
            choices=f"{SIDE}select[name='assignee'] option",
        ),
        Command(
            "team",
            phrase("Give to a team"),
            "t",
            CONVERSATION,
            focus=f"{SIDE}select[name='team']",
            choices=f"{SIDE}select[name='team'] option",
        ),
        Command(
            "priority",
            phrase("Priority"),
            "p",
            CONVERSATION,
            focus=f"{SIDE}select[name='priority']",
            choices=f"{SIDE}select[name='priority'] option",
        ),
        Command(
            "tag",
            phrase("Add a tag"),
            "l",
            CONVERSATION,
            focus=f"{SIDE}.tag-input",
            choices=f"{SIDE}datalist option",
            also="label",
        ),
        Command(
            "snooze",
            phrase_in("verb", "Snooze"),
            "b",
            CONVERSATION,
            focus=f"{HEAD}button[name='for']",
            choices=f"{HEAD}button[name='for']",
            also="set aside later",
        ),
        Command(
            "status",
            phrase("Status"),
            "w",
            CONVERSATION,
            focus=f"{HEAD}button[name='status']",
            choices=f"{HEAD}button[name='status']:not([aria-hidden])",
            also="open pending resolved close",
        ),
        Command(
            "follow",
            phrase("Follow, or follow no more"),
            "Y",
            CONVERSATION,
            press="[data-key='Y']",
            also="watch subscribe",
        ),
        Command(
            "hand-over",
            phrase("Hand over with a note"),
            "H",
            CONVERSATION,
            press=f"{HEAD}a[href$='/handing-over']",
            also="escalate pass transfer",
        ),
        Command("macro", phrase("Run a macro"), "o", CONVERSATION, also="several actions at once bundle"),
        Command(
            "merge", phrase("Merge with another conversation"), "x", CONVERSATION, press=f"{HEAD}a[href$='/merging']"
        ),
        Command(
            "link", phrase("Link with another…"), "d", CONVERSATION, press=f"{HEAD}a[href$='/linking']", also="related"
        ),
        Command(
            "checklist",
            phrase("Add to the checklist"),
            "T",
            CONVERSATION,
            focus=f"{SIDE}.checklist-add input[name='text']",
            also="to do task item",
        ),
        Command(
            "ready-checklist",
            phrase("Put a checklist in…"),
            "P",
            CONVERSATION,
            press=f"{SIDE}.checklist-add + a[href$='/checklist/templates']",
            also="template ready-made",
        ),
        Command(
            "case",
            phrase("Open a case"),
            "q",
            CONVERSATION,
            also="ticket",
            focus="[id^='new-case-'] input:not([type='hidden'])",
        ),
        Command("contact", phrase("Page of the customer"), "i", CONVERSATION, press=f"{SIDE}.person-name"),
        Command(
            "channels", phrase("All channels, or only this"), "v", CONVERSATION, press=".switch a:not([aria-current])"
        ),
        Command("earlier", phrase("Earlier messages"), ",", CONVERSATION, press=".earlier"),
        Command("newest", phrase("Newest message"), ".", CONVERSATION, press=".new-below"),
        Command("undo-send", phrase("Undo sending, while the reply waits"), "z", CONVERSATION),
        Command("back", phrase("Back to the list"), "u", CONVERSATION, press=f"{HEAD}.back"),
    ),
    phrase_in("area", "Understanding"): (
        Command("correct", phrase("Correct what was understood"), "c", CONVERSATION),
        Command("is-right", phrase("What was understood is right"), "y", CONVERSATION),
        Command("translate", phrase("Translate the message"), "L", CONVERSATION, also="language foreign"),
        Command("summary", phrase("Summary"), "s", CONVERSATION, press="conversation-summary button"),
    ),
    phrase_in("area", "Writing"): (
        Command("send", phrase("Send what you wrote"), "Mod+Enter", CONVERSATION, is_fixed=True),
        Command(
            "insert-canned",
            phrase("Insert a canned response"),
            "Alt+c",
            CONVERSATION,
            also="slash snippet template text",
        ),
        Command("attach", phrase("Attach files"), "Alt+a", CONVERSATION, press=".composer input[type='file']"),
        Command("suggestions", phrase("Suggested answers"), "Alt+s", CONVERSATION, is_fixed=True),
        Command("suggestion", phrase("Put the first suggestion in"), "Alt+1", CONVERSATION, is_fixed=True),
        Command("questions", phrase("Open questions"), "Alt+q", CONVERSATION, is_fixed=True),
        Command("tone", phrase("The tone of the draft"), "Alt+t", CONVERSATION, is_fixed=True),
        Command("canned", phrase("After /shortcut: put that canned response in"), "Tab", CONVERSATION, is_fixed=True),
    ),
}
COMMANDS[phrase_in("area", "Settings")] = _settings(COMMANDS[GO_TO])


@cache
def commands_for(role: Role) -> dict[Phrase, tuple[Command, ...]]:
    """Return the commands that a role may use, by area."""
    return {area: tuple(one for one in all_ if role in one.roles) for area, all_ in COMMANDS.items()}
