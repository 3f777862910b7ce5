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


COMMANDS: dict[str, tuple[Command, ...]] = {
    "Everywhere": (
        Command("commands", "Open the command bar", "Mod+k"),
        Command("help", "Show all keys", "?"),
        Command("search", "Search this page", "/", focus=".search-text, main input[type='search']"),
        Command("menu", "Open your menu", "g x", focus=".user-menu button, .user-menu a"),
        Command("work", "Take new work, or take none", "g w", press="form[action='/account/accepting'] button"),
        Command("light", "Light theme", press=THEME.format("light"), also="appearance bright"),
        Command("dark", "Dark theme", press=THEME.format("dark"), also="appearance night"),
        Command("system-theme", "Theme of this device", press=THEME.format("system"), also="appearance light dark"),
        Command("sign-out", "Sign out", press="form[action='/sign-out'] button", also="leave log out"),
        Command("escape", "Leave a field, close what is open", "Escape", is_fixed=True),
    ),
    "Go to": (
        Command("go-inbox", "Inbox", "g i", path="/inbox"),
        Command("go-all", "All conversations", "g a", path="/inbox?view=all"),
        Command("go-mine", "My conversations", "g m", path="/inbox?view=mine"),
        Command("go-unassigned", "Unassigned", "g u", path="/inbox?view=unassigned"),
        Command("go-mentions", "Mentions", "g e", path="/inbox?view=mentions", also="notes named me"),
        Command("go-followed", "Followed by me", "g l", path="/inbox?view=followed", also="watching"),
        Command("go-pending", "Pending", "g p", path="/inbox?status=pending"),
        Command("go-snoozed", "Snoozed", "g z", path="/inbox?status=snoozed"),
        Command("go-resolved", "Resolved", "g d", path="/inbox?status=resolved"),
        Command("go-cases", "Cases", "g k", path="/cases"),
        Command("go-contacts", "Contacts", "g c", path="/contacts"),
        Command("go-search", "Search", "g f", path="/search", also="find"),
        Command("go-entry", "Log a call or a letter", "g n", path="/entries/new"),
        Command("go-reports", "Reports", "g r", path="/reports/sentiment", roles=SUPERVISORS),
        Command("go-alerts", "Alerts", "g b", path="/alerts"),
        Command("go-keys", "Keyboard", "g h", path="/settings/keyboard", also="shortcuts hotkeys remap"),
        Command("go-settings", "Settings", "g s", path="/settings"),
        Command("go-account", "Your account", "g y", path="/account"),
        Command("go-channels", "Channels", "g o", path="/settings/channels", roles=ADMINS),
        Command("go-canned", "Canned responses", "g q", path="/settings/canned-responses"),
        Command("go-tags", "Tags", "g t", path="/settings/tags", roles=SUPERVISORS),
    ),
    "List": (
        Command("next", "Next conversation", "j", INBOX),
        Command("previous", "Previous conversation", "k", INBOX),
        Command("next-unread", "Next unread conversation", "J", INBOX),
        Command("focus-list", "Put the cursor into the list", "h", INBOX, focus="#rows [aria-current], #rows .row"),
        Command("filter", "Filter", "f", INBOX, focus=".filter-form select"),
    ),
    "Conversation": (
        Command("reply", "Reply", "r", CONVERSATION),
        Command("note", "Write a note", "n", CONVERSATION),
        Command("resolve", "Resolve, or reopen", "e", CONVERSATION, press="[data-key='e']"),
        Command("assign-me", "Assign to me", "a", CONVERSATION, press="[data-key='a']"),
        Command(
            "assign",
            "Assign to somebody",
            "m",
            CONVERSATION,
            focus=f"{SIDE}select[name='assignee']",
            choices=f"{SIDE}select[name='assignee'] option",
        ),
        Command(
            "team",
            "Give to a team",
            "t",
            CONVERSATION,
            focus=f"{SIDE}select[name='team']",
            choices=f"{SIDE}select[name='team'] option",
        ),
        Command(
            "priority",
            "Priority",
            "p",
            CONVERSATION,
            focus=f"{SIDE}select[name='priority']",
            choices=f"{SIDE}select[name='priority'] option",
        ),
        Command(
            "tag",
            "Add a tag",
            "l",
            CONVERSATION,
            focus=f"{SIDE}.tag-input",
            choices=f"{SIDE}datalist option",
            also="label",
        ),
        Command(
            "snooze",
            "Snooze",
            "b",
            CONVERSATION,
            focus=f"{HEAD}button[name='for']",
            choices=f"{HEAD}button[name='for']",
            also="set aside later",
        ),
        Command(
            "status",
            "Status",
            "w",
            CONVERSATION,
            focus=f"{HEAD}button[name='status']",
            choices=f"{HEAD}button[name='status']:not([aria-hidden])",
            also="open pending resolved close",
        ),
        Command(
            "follow", "Follow, or follow no more", "Y", CONVERSATION, press="[data-key='Y']", also="watch subscribe"
        ),
        Command(
            "hand-over",
            "Hand over with a note",
            "H",
            CONVERSATION,
            press=f"{HEAD}a[href$='/handing-over']",
            also="escalate pass transfer",
        ),
        Command("macro", "Run a macro", "o", CONVERSATION, also="several actions at once bundle"),
        Command("merge", "Merge with another conversation", "x", CONVERSATION, press=f"{HEAD}a[href$='/merging']"),
        Command(
            "case",
            "Open a case",
            "q",
            CONVERSATION,
            also="ticket",
            focus="[id^='new-case-'] input:not([type='hidden'])",
        ),
        Command("contact", "Page of the customer", "i", CONVERSATION, press=f"{SIDE}.person-name"),
        Command("channels", "All channels, or only this", "v", CONVERSATION, press=".switch a:not([aria-current])"),
        Command("earlier", "Earlier messages", ",", CONVERSATION, press=".earlier"),
        Command("newest", "Newest message", ".", CONVERSATION, press=".new-below"),
        Command("undo-send", "Undo sending, while the reply waits", "z", CONVERSATION),
        Command("back", "Back to the list", "u", CONVERSATION, press=f"{HEAD}.back"),
    ),
    "Understanding": (
        Command("correct", "Correct what was understood", "c", CONVERSATION),
        Command("is-right", "What was understood is right", "y", CONVERSATION),
        Command("summary", "Summary", "s", CONVERSATION, press="conversation-summary button"),
    ),
    "Writing": (
        Command("send", "Send what you wrote", "Mod+Enter", CONVERSATION, is_fixed=True),
        Command("insert-canned", "Insert a canned response", "Alt+c", CONVERSATION, also="slash snippet template text"),
        Command("attach", "Attach files", "Alt+a", CONVERSATION, press=".composer input[type='file']"),
        Command("suggestions", "Suggested answers", "Alt+s", CONVERSATION, is_fixed=True),
        Command("suggestion", "Put the first suggestion in", "Alt+1", CONVERSATION, is_fixed=True),
        Command("questions", "Open questions", "Alt+q", CONVERSATION, is_fixed=True),
        Command("tone", "The tone of the draft", "Alt+t", CONVERSATION, is_fixed=True),
        Command("canned", "After /shortcut: put that canned response in", "Tab", CONVERSATION, is_fixed=True),
    ),
}
COMMANDS["Settings"] = _settings(COMMANDS["Go to"])


@cache
def commands_for(role: Role) -> dict[str, tuple[Command, ...]]:
    """Return the commands that a role may use, by area."""
    return {area: tuple(one for one in all_ if role in one.roles) for area, all_ in COMMANDS.items()}
