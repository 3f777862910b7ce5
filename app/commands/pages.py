"""Every page that navigation leads to: where it stands, what it is for, and who may see it.

A new settings page is one line in SETTINGS: the side list, the landing page and the command bar follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.models import Role

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
    Page("/inbox", "Inbox", "Every conversation you may see.", EVERYBODY, "inbox"),
    Page("/cases", "Cases", "The work opened from conversations.", EVERYBODY, "briefcase"),
    Page("/contacts", "Contacts", "Everybody who writes to you.", EVERYBODY, "users"),
    Page(
        "/reports/sentiment",
        "Reports",
        "Sentiment over time, by channel, inbox and intent.",
        SUPERVISORS,
        "chart-column",
    ),
    Page("/alerts", "Alerts", "What moved out of its usual range.", EVERYBODY, "bell"),
    Page("/settings", "Settings", "How Tributary works for you and for your workspace.", EVERYBODY, "settings"),
)
SETTINGS: dict[str, tuple[Page, ...]] = {
    "You": (
        Page(
            "/first-steps",
            "First steps",
            "From an empty workspace to the first customer you answered.",
            EVERYBODY,
            also="onboarding welcome demo invite start",
        ),
        Page(
            "/account",
            "Your account",
            "Your name, theme, password, and whether you take new work.",
            EVERYBODY,
            also="profile session sign out dark light",
        ),
        Page(
            "/settings/notices",
            "Notices",
            "What you are told of while you look elsewhere, and when not.",
            EVERYBODY,
            also="desktop notifications sound quiet hours pause do not disturb",
        ),
        Page(
            "/settings/offline",
            "App and offline reading",
            "What your devices keep, and how to install the app.",
            EVERYBODY,
            also="install pwa phone without connection offline device",
        ),
        Page(
            "/settings/keyboard",
            "Keyboard",
            "Which keys do what, for you.",
            EVERYBODY,
            also="shortcuts hotkeys commands remap single keys",
        ),
    ),
    "People": (
        Page(
            "/settings/users", "Users", "Who signs in, and in which role.", ADMINS, also="agents colleagues invite bot"
        ),
        Page("/settings/teams", "Teams", "Users who share work.", ADMINS, also="members groups"),
        Page(
            "/settings/business-hours",
            "Business hours",
            "When you work, for promises and reports.",
            SUPERVISORS,
            also="holidays calendar time zone",
        ),
    ),
    "Channels and inboxes": (
        Page("/settings/inboxes", "Inboxes", "Where teams work, and who may see what.", ADMINS, also="access share"),
        Page(
            "/settings/channels",
            "Channels",
            "The sources that are connected: mail, chat, social media.",
            ADMINS,
            also="connect mailbox integration whatsapp",
        ),
        Page(
            "/settings/sending",
            "Sending",
            "How long a reply waits before it leaves.",
            ADMINS,
            also="undo send outgoing",
        ),
    ),
    "Automation": (
        Page(
            "/settings/rules",
            "Rules",
            "What happens by itself when a message arrives.",
            ADMINS,
            also="automation assign routing trigger",
        ),
        Page(
            "/settings/checklists",
            "Checklists",
            "Ready-made lists of things to do in conversations and cases.",
            SUPERVISORS,
            also="to do tasks steps template",
        ),
        Page("/settings/tags", "Tags", "The labels that everything can wear.", SUPERVISORS, also="labels colours"),
        Page(
            "/settings/blocked-senders",
            "Blocked senders",
            "Whose messages go straight to Spam.",
            SUPERVISORS,
            also="spam unblock block list domain",
        ),
        Page(
            "/settings/alerts",
            "Alert rules",
            "Which numbers are watched, and who is told.",
            SUPERVISORS,
            also="alerts threshold",
        ),
        Page(
            "/settings/webhooks",
            "Webhooks",
            "Which other systems hear what happens here.",
            ADMINS,
            also="api integration",
        ),
    ),
    "Answers": (
        Page(
            "/settings/canned-responses",
            "Canned responses",
            "Reusable answers with variables, in every language you write.",
            EVERYBODY,
            also="templates snippets saved replies liquid slash",
        ),
        Page(
            "/settings/macros",
            "Macros",
            "Several actions that are done at once: answer, tag, assign, resolve.",
            EVERYBODY,
            also="bundle actions workflow",
        ),
        Page(
            "/settings/articles",
            "Articles",
            "What suggestions know beyond past answers.",
            SUPERVISORS,
            also="knowledge base help",
        ),
    ),
    "Understanding": (
        Page(
            "/settings/intents",
            "Intents",
            "What customers may want, in your own words.",
            SUPERVISORS,
            also="labels topics training",
        ),
        Page(
            "/settings/learning",
            "Learning",
            "What the models learned from corrections.",
            SUPERVISORS,
            also="models corrections",
        ),
        Page(
            "/settings/accuracy",
            "Accuracy",
            "How often the models are right here.",
            SUPERVISORS,
            also="quality confidence threshold",
        ),
    ),
    "Data": (
        Page(
            "/settings/deliveries",
            "Deliveries",
            "Everything that arrived, and what became of it.",
            SUPERVISORS,
            also="parked raw",
        ),
        Page(
            "/settings/privacy",
            "Personal data",
            "What is hidden, and who may look at it.",
            ADMINS,
            also="privacy gdpr hidden",
        ),
        Page("/settings/audit", "Audit", "Who did what, and when.", ADMINS, also="log history"),
    ),
}


def seen_by(role: Role, pages: Iterable[Page]) -> tuple[Page, ...]:
    return tuple(page for page in pages if role in page.roles)


def settings_for(role: Role, search: str = "") -> dict[str, tuple[Page, ...]]:
    """Return the settings pages that a role may see and that fit a search, by group; empty groups are left out."""
    fitting = {
        group: tuple(page for page in seen_by(role, pages) if page.fits(search)) for group, pages in SETTINGS.items()
    }
    return {group: pages for group, pages in fitting.items() if pages}


def setting_at(path: str) -> Page | None:
    """Return the settings page that an address belongs to."""
    return next((page for pages in SETTINGS.values() for page in pages if page.is_at(path)), None)
