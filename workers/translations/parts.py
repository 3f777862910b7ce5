"""Which file of translations a source belongs to, so that several people can translate side by side.

A part is one file a language, app/translations/<language>/<part>.po. The first prefix that fits a source names it.
"""

from __future__ import annotations

from app.config import ROOT

PARTS: dict[str, tuple[str, ...]] = {
    "words": ("app/vocabulary.py",),
    "frame": (
        "templates/base.html",
        "templates/_parts/",
        "templates/errors/",
        "templates/session/",
        "templates/settings/_fields.html",
        "templates/settings/_layout.html",
        "templates/settings/_navigation.html",
        "app/render.py",
        "app/errors.py",
        "app/languages.py",
        "app/web/authz.py",
        "app/web/errors.py",
        "app/web/limits.py",
        "app/web/links.py",
        "app/web/session.py",
        "app/services/links.py",
        "app/services/passwords.py",
        "app/static/src/page/",
    ),
    "account": (
        "templates/settings/account.html",
        "templates/settings/_preview.html",
        "app/web/settings/account.py",
        "app/services/reading_settings.py",
        "app/services/users.py",
    ),
    "commands": ("templates/commands/", "app/commands/", "app/web/command_bar.py", "app/static/src/commands/"),
    "search": ("templates/search/", "app/web/inbox/found", "app/web/inbox/search", "app/queries/search_"),
    "reports": ("templates/reports/", "app/web/reports/", "app/queries/sentiment_", "app/static/src/reports"),
    "alerts": (
        "templates/alerts/",
        "templates/settings/alert",
        "app/web/alert",
        "app/web/settings/alert",
        "app/services/alert",
        "app/queries/alert",
    ),
    "contacts": ("templates/contacts/", "app/web/inbox/contact", "app/services/contacts.py", "app/queries/contact"),
    "visitors": (
        "templates/webchat/",
        "templates/webform/",
        "app/web/webchat",
        "app/web/webform",
        "app/services/visitors.py",
        "app/static/src/widget",
        "app/static/src/form",
    ),
    "letters": ("templates/mail/", "app/web/settings/users.py"),
    "connectors": ("connectors/",),
    "channels": (
        "templates/settings/channel",
        "templates/settings/mailbox",
        "templates/settings/webhook",
        "app/web/settings/channel",
        "app/web/settings/mailbox",
        "app/web/settings/webhook",
        "app/services/channel",
        "app/services/mailbox",
        "app/services/webhook",
    ),
    "understanding": (
        "templates/settings/accuracy",
        "templates/settings/learning",
        "templates/settings/intent",
        "templates/settings/kept_back",
        "app/web/settings/accuracy",
        "app/web/settings/learning",
        "app/web/settings/intent",
        "app/web/intent_titles.py",
        "app/services/learning.py",
        "app/services/lessons.py",
        "app/services/workspace_intents.py",
        "nlp/",
    ),
    "rules": ("templates/settings/rule", "app/web/settings/rule", "app/services/rule", "app/services/first_rules.py"),
    "settings": (
        "templates/settings/",
        "app/web/settings/",
        "app/queries/notices.py",
        "app/services/answer_access.py",
        "app/services/business_hours.py",
        "app/services/canned_",
        "app/services/checklists.py",
        "app/services/inboxes.py",
        "app/services/kb_articles.py",
        "app/services/liquid_texts.py",
        "app/services/macro_actions.py",
        "app/services/notice_",
        "app/services/push_",
        "app/services/reopen_rules.py",
        "app/services/signatures.py",
        "app/services/tags.py",
        "app/services/teams.py",
    ),
    "cases": (
        "templates/cases/",
        "templates/entries/",
        "templates/checklists/",
        "app/web/inbox/case",
        "app/web/inbox/checklists.py",
        "app/web/inbox/entries.py",
        "app/services/cases.py",
        "app/services/entries.py",
    ),
    "composer": (
        "templates/composer/",
        "app/static/src/composer/",
        "app/static/src/inbox/composer",
        "app/static/src/inbox/files.ts",
        "app/static/src/inbox/helpers.ts",
        "app/static/src/inbox/leaving.ts",
        "app/static/src/inbox/limits.ts",
        "app/static/src/inbox/outbox.ts",
        "app/static/src/inbox/sending.ts",
        "app/static/src/inbox/template_form.ts",
        "app/static/src/inbox/watchers.ts",
        "app/web/inbox/composer",
        "app/web/inbox/helpers.py",
    ),
    "conversations": (
        "templates/conversations/",
        "app/services/activities.py",
        "app/services/conversations.py",
        "app/web/inbox/acting.py",
        "app/web/inbox/actions.py",
        "app/web/inbox/answers.py",
        "app/web/inbox/later.py",
        "app/web/inbox/macros.py",
        "app/web/inbox/regrouping.py",
        "app/web/inbox/snooze.py",
        "app/web/inbox/spam.py",
    ),
    "messages": ("templates/messages/",),
    "inbox": (
        "templates/inbox/",
        "app/web/inbox/",
        "app/static/src/inbox/",
        "app/static/src/notices/",
        "app/queries/filter_",
        "app/queries/conversation_order.py",
        "app/queries/understanding_filters.py",
        "app/services/bulk_",
        "app/services/saved_views.py",
    ),
    "scripts": ("app/static/src/",),
    "services": ("app/services/", "app/queries/", "app/models/"),
    "rest": ("app/", "templates/", "workers/"),
}

# Templates in which every word that people read is marked (a test keeps it so): folders or files.
MARKED: tuple[str, ...] = (
    "templates/_parts/",
    "templates/base.html",
    "templates/commands/",
    "templates/contacts/",
    "templates/errors/",
    "templates/mail/",
    "templates/search/",
    "templates/session/",
    "templates/settings/_fields.html",
    "templates/settings/_layout.html",
    "templates/settings/_navigation.html",
    "templates/settings/_preview.html",
    "templates/settings/account.html",
    "templates/webchat/frame.html",
    "templates/webform/",
)
# Parts that every language has whole: a missing or uncertain entry is an error there.
COMPLETE: tuple[str, ...] = ("account", "connectors", "contacts", "letters", "search", "visitors")

_PREFIXES = [(prefix, part) for part, prefixes in PARTS.items() for prefix in prefixes]


def part_of(source: str) -> str:
    """Return the part of a file, given by its path from the project's folder."""
    return next((part for prefix, part in _PREFIXES if source.startswith(prefix)), "rest")


def marked_templates() -> list[str]:
    """Return the paths of the templates that are held to be marked throughout."""
    everything = sorted((ROOT / "templates").rglob("*.*"))
    paths = [str(path.relative_to(ROOT)) for path in everything]
    return [path for path in paths if path.startswith(MARKED)] if MARKED else []
