"""Every page that navigation leads to: where it stands, what it is for, and who may see it.

A new settings page is one line in SETTINGS: the side list, the landing page and the command bar follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.models import Role
from app.phrases import Phrase, phrase, phrase_in

EVERYBODY = frozenset(Role)
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Page:
    """`about` is one sentence; `also` holds words that people look for and that stand in neither title nor sentence."""

    path: str
    title: str
    about: str
    roles: frozenset[Role]
    icon: str = "settings"
    also: str = ""

    @property
    def words(self) -> str:
        """Everything that a search looks at, in lower case."""
        return f"{self.title} {self.about} {self.also}".casefold()

    def is_at(self, path: str) -> bool:
        """Tell whether an address is this page or one below it."""
        return path == self.path or path.startswith(f"{self.path}/")

    def fits(self, search: str) -> bool:
        """Tell whether every word of a search is among the words."""
        return all(word in self.words for word in search.casefold().split())


SECTIONS = (
    Page("/inbox", phrase("Inbox"), phrase("Every conversation you may see."), EVERYBODY, "inbox"),
    Page("/cases", phrase("Cases"), phrase("The work opened from conversations."), EVERYBODY, "briefcase"),
    Page("/contacts", phrase("Contacts"), phrase("Everybody who writes to you."), EVERYBODY, "users"),
    Page(
        "/reports/sentiment",
        phrase("Reports"),
        phrase("Sentiment over time, by channel, inbox and intent."),
        SUPERVISORS,
        "chart-column",
    ),
    Page("/alerts", phrase("Alerts"), phrase("What moved out of its usual range."), EVERYBODY, "bell"),
    Page(
        "/settings",
        phrase("Settings"),
        phrase("How Tributary works for you and for your workspace."),
        EVERYBODY,
        "settings",
    ),
)
SETTINGS: dict[Phrase, tuple[Page, ...]] = {
    phrase_in("area", "You"): (
        Page(
            "/first-steps",
            phrase("First steps"),
            phrase("From an empty workspace to the first customer you answered."),
            EVERYBODY,
            also="onboarding welcome demo invite start",
        ),
        Page(
            "/account",
            phrase("Your account"),
            phrase("Your name, theme, password, and whether you take new work."),
            EVERYBODY,
            also="profile session sign out dark light",
        ),
        Page(
            "/settings/notices",
            phrase("Notices"),
            phrase("What you are told of while you look elsewhere, and when not."),
            EVERYBODY,
            also="desktop notifications sound quiet hours pause do not disturb",
        ),
        Page(
            "/settings/offline",
            phrase("App and offline reading"),
            phrase("What your devices keep, and how to install the app."),
            EVERYBODY,
            also="install pwa phone without connection offline device",
        ),
        Page(
            "/settings/keyboard",
            phrase("Keyboard"),
            phrase("Which keys do what, for you."),
            EVERYBODY,
            also="shortcuts hotkeys commands remap single keys",
        ),
    ),
    phrase_in("area", "People"): (
        Page(
            "/settings/users",
            phrase("Users"),
            phrase("Who signs in, and in which role."),
            ADMINS,
            also="agents colleagues invite bot",
        ),
        Page("/settings/teams", phrase("Teams"), phrase("Users who share work."), ADMINS, also="members groups"),
        Page(
            "/settings/business-hours",
            phrase("Business hours"),
            phrase("When you work, for promises and reports."),
            SUPERVISORS,
            also="holidays calendar time zone",
        ),
    ),
    phrase_in("area", "Channels and inboxes"): (
        Page(
            "/settings/inboxes",
            phrase("Inboxes"),
            phrase("Where teams work, and who may see what."),
            ADMINS,
            also="access share",
        ),
        Page(
            "/settings/channels",
            phrase("Channels"),
            phrase("The sources that are connected: mail, chat, social media."),
            ADMINS,
            also="connect mailbox integration whatsapp",
        ),
        Page(
            "/settings/sending",
            phrase_in("settings", "Sending"),
            phrase("How long a reply waits before it leaves."),
            ADMINS,
            also="undo send outgoing",
        ),
    ),
    phrase_in("area", "Automation"): (
        Page(
            "/settings/rules",
            phrase("Rules"),
            phrase("What happens by itself when a message arrives."),
            ADMINS,
            also="automation assign routing trigger",
        ),
        Page(
            "/settings/checklists",
            phrase("Checklists"),
            phrase("Ready-made lists of things to do in conversations and cases."),
            SUPERVISORS,
            also="to do tasks steps template",
        ),
        Page(
            "/settings/tags",
            phrase("Tags"),
            phrase("The labels that everything can wear."),
            SUPERVISORS,
            also="labels colours",
        ),
        Page(
            "/settings/blocked-senders",
            phrase("Blocked senders"),
            phrase("Whose messages go straight to Spam."),
            SUPERVISORS,
            also="spam unblock block list domain",
        ),
        Page(
            "/settings/alerts",
            phrase("Alert rules"),
            phrase("Which numbers are watched, and who is told."),
            SUPERVISORS,
            also="alerts threshold",
        ),
        Page(
            "/settings/webhooks",
            phrase("Webhooks"),
            phrase("Which other systems hear what happens here."),
            ADMINS,
            also="api integration",
        ),
    ),
    phrase_in("area", "Answers"): (
        Page(
            "/settings/canned-responses",
            phrase("Canned responses"),
            phrase("Reusable answers with variables, in every language you write."),
            EVERYBODY,
            also="templates snippets saved replies liquid slash",
        ),
        Page(
            "/settings/macros",
            phrase("Macros"),
            phrase("Several actions that are done at once: answer, tag, assign, resolve."),
            EVERYBODY,
            also="bundle actions workflow",
        ),
        Page(
            "/settings/articles",
            phrase("Articles"),
            phrase("What suggestions know beyond past answers."),
            SUPERVISORS,
            also="knowledge base help",
        ),
    ),
    phrase_in("area", "Understanding"): (
        Page(
            "/settings/intents",
            phrase("Intents"),
            phrase("What customers may want, in your own words."),
            SUPERVISORS,
            also="labels topics training",
        ),
        Page(
            "/settings/learning",
            phrase("Learning"),
            phrase("What the models learned from corrections."),
            SUPERVISORS,
            also="models corrections",
        ),
        Page(
            "/settings/accuracy",
            phrase("Accuracy"),
            phrase("How often the models are right here."),
            SUPERVISORS,
            also="quality confidence threshold",
        ),
    ),
    phrase_in("area", "Data"): (
        Page(
            "/settings/deliveries",
            phrase("Deliveries"),
            phrase("Everything that arrived, and what became of it."),
            SUPERVISORS,
            also="parked raw",
        ),
        Page(
            "/settings/privacy",
            phrase("Personal data"),
            phrase("What is hidden, and who may look at it."),
            ADMINS,
            also="privacy gdpr hidden",
        ),
        Page("/settings/audit", phrase("Audit"), phrase("Who did what, and when."), ADMINS, also="log history"),
    ),
}


def seen_by(role: Role, pages: Iterable[Page]) -> tuple[Page, ...]:
    return tuple(page for page in pages if role in page.roles)


def settings_for(role: Role, search: str = "") -> dict[Phrase, tuple[Page, ...]]:
    """Return the settings pages that a role may see and that fit a search, by group; empty groups are left out."""
    fitting = {
        group: tuple(page for page in seen_by(role, pages) if page.fits(search)) for group, pages in SETTINGS.items()
    }
    return {group: pages for group, pages in fitting.items() if pages}


def setting_at(path: str) -> Page | None:
    """Return the settings page that an address belongs to."""
    return next((page for pages in SETTINGS.values() for page in pages if page.is_at(path)), None)
