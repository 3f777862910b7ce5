"""Reddit: mentions, answers and private messages from the inbox, posts and comments of watched communities; answers.

A watched community is read whole and filtered here by words, because Reddit's search is late and incomplete. A comment
answers in public; a private message goes to its author. Signing in: github.com/reddit-archive/reddit/wiki/OAuth2 (a
"script" app with name and password, or a refresh token); limits: support.reddithelp.com, Reddit Data API Wiki.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from connectors import _reddit_api as api
from connectors._payload import at, items, line, mapping, objects, whole
from connectors._reddit_fetch import News, Pace, Wanted
from connectors._reddit_parse import MESSAGE, parse
from connectors._reddit_sign_in import RedditSignIn
from connectors._remote import fetched
from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundMessage,
    RawDelivery,
    Receipt,
    RemoteFile,
    Setting,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.phrases import phrase

if TYPE_CHECKING:
    import praw

NAME = re.compile(r"[A-Za-z0-9_-]{2,40}")
THING = re.compile(r"t[134]_[a-z0-9]{1,20}")
MOST_COMMUNITIES, MOST_WORDS = 100, 200
SUBJECT_CHARACTERS = 100
SHORTEST_POLL_SECONDS, LONGEST_POLL_SECONDS = 10, 3_600
SCOPES = "identity, read, privatemessages, submit, vote and, for moderators, modposts"


class RedditConnector(RedditSignIn, Defaults):
    """Speaks Reddit's API through praw, as the account whose keys the settings hold."""

    kind: ClassVar[str] = "reddit"
    label: ClassVar[str] = "Reddit"
    family: ClassVar[str] = "social"
    about: ClassVar[str] = phrase("Mentions, watched communities and private messages on Reddit.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("reddit",),
        threads=True,
        max_text=10_000,
        public=True,
        private_reply=True,
        edits=True,
        deletes=True,
        actions=("like", "unlike", "hide", "unhide"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("client_id", "App id", required=True, help="Under the app's name at reddit.com/prefs/apps."),
        Setting(
            "client_secret",
            "App secret",
            "secret",
            required=True,
            help="Of the app you registered at Reddit; it is sealed and never shown again",
        ),
        Setting("username", "Account", help="The account that answers, without u/"),
        Setting(
            "password", "Password of the account", "secret", help="For apps of the kind “script”, instead of a sign-in."
        ),
        Setting("refresh_token", "Refresh token", "secret", help=f"A sign-in brings it; with {SCOPES}."),
        Setting("communities", "Watched communities", "lines", help="One a line, without r/."),
        Setting(
            "words",
            "Words",
            "lines",
            help="One word or phrase a line: of the watched communities only what holds one of them is taken. "
            "Empty: everything.",
        ),
        Setting(
            "poll_seconds",
            "Seconds between two looks",
            "integer",
            default=60,
            group="Advanced",
            help="Smaller is sooner, and uses up more of the calls that Reddit allows; 60 is usual",
        ),
        Setting(
            "api_url",
            "API address",
            default=api.API_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
        Setting(
            "sign_in_url",
            "Sign-in address",
            default=api.SIGN_IN_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace

    def address(self, credentials: Credentials) -> str:
        """Return u/acme."""
        name = str(credentials.get("username") or "").strip().removeprefix("u/")
        return f"u/{name}" if NAME.fullmatch(name) else ""

    def check(self, credentials: Credentials) -> str:
        """Sign in and look into the watched communities. Raises BadCredentials or Transient."""
        communities = communities_of(credentials)
        reddit = api.reddit_for(credentials)
        me = mapping(api.asked(reddit, "api/v1/me"))
        karma = whole(me.get("total_karma")) or 0
        for name in communities:
            _check_community(reddit, name)
        watching = f" Watching {', '.join(f'r/{name}' for name in communities)}." if communities else ""
        return f"Signed in as u/{line(me.get('name'), 60)}, {karma:,} karma.{watching}"

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield what is new, oldest first; never ends by itself. Raises Transient, BadCredentials."""
        communities, words = communities_of(credentials), _lines(credentials, "words", MOST_WORDS)
        reddit = api.reddit_for(credentials)
        own = line(mapping(api.asked(reddit, "api/v1/me")).get("name"), 60)
        pace = self._pace or _pace(credentials)
        news = News(reddit, Wanted(own, communities, words), cursor, pace)
        yield Batch((), news.cursor)
        while True:
            yield from news.look()
            yield from news.wait(pace.poll_seconds)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the messages of a thing or a listing. Raises Malformed."""
        return parse(delivery)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Comment, answer a private message, or begin one. Raises Transient, BadCredentials or Rejected."""
        if message.attachments:
            raise Rejected("Comments and messages on Reddit take no files.")
        answered = next((name for name in (message.answers, message.in_reply_to) if name and THING.fullmatch(name)), "")
        if answered and (message.is_public or answered.startswith(MESSAGE)):
            return _answer(api.reddit_for(credentials), answered, message)
        if message.is_public:
            raise Rejected("There is no post or comment that this could answer.")
        return _write_to(api.reddit_for(credentials), message)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Vote, or remove as a moderator, or take that back. Raises Transient, BadCredentials or Rejected."""
        if not THING.fullmatch(action.target) or action.target.startswith(MESSAGE):
            raise Rejected("Only posts and comments can be voted for or removed.")
        calls: dict[str, tuple[str, dict[str, str | int]]] = {
            "like": ("api/vote", {"dir": 1}),
            "unlike": ("api/vote", {"dir": 0}),
            "hide": ("api/remove", {"spam": "false"}),
            "unhide": ("api/approve", {}),
        }
        if action.kind not in calls:
            raise Rejected("Reddit does not offer that.")
        path, data = calls[action.kind]
        api.posted(api.reddit_for(credentials), path, id=action.target, **data)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002 - public
        """Fetch a picture or a video. Raises Transient or Rejected."""
        return fetched(file, file.url, name="Reddit", may_reach=may_reach)


def communities_of(credentials: Credentials) -> tuple[str, ...]:
    """Return the watched communities. Raises BadCredentials naming the line that is none."""
    names = [name.removeprefix("/").removeprefix("r/") for name in _lines(credentials, "communities", MOST_COMMUNITIES)]
    if bad := [name for name in names if not NAME.fullmatch(name)]:
        raise BadCredentials(
            phrase("{value} is no community: write its name without r/.", value=repr(line(bad[0], 60)))
        )
    return tuple(names)


def _check_community(reddit: praw.Reddit, name: str) -> None:
    try:
        answer = api.asked(reddit, f"r/{name}/about")
    except Rejected as error:
        raise BadCredentials(phrase("r/{name} cannot be read: {reason}", name=name, reason=error.reason)) from None
    if mapping(answer).get("kind") != "t5":
        raise BadCredentials(phrase("There is no community r/{name}.", name=name))


def _answer(reddit: praw.Reddit, answered: str, message: OutboundMessage) -> Receipt:
    answer = api.posted(reddit, "api/comment", thing_id=answered, text=message.text)
    if "json" not in mapping(answer):
        raise Transient("Reddit did not say whether it took this.")
    made = objects(at(answer, "json", "data", "things"))
    name = line(at(made[0], "data", "name"), 40) if made else ""
    where = "answered by private message" if answered.startswith(MESSAGE) else "commented"
    return Receipt(name or f"sent:{message.idempotency_key}", where)


def _write_to(reddit: praw.Reddit, message: OutboundMessage) -> Receipt:
    """Begin a private conversation. Reddit does not say under which name: it is looked for among what was sent."""
    if not NAME.fullmatch(message.recipient):
        raise Rejected("Whoever wrote this has no account that a private message could go to.")
    subject = line(message.subject, SUBJECT_CHARACTERS) or "About what you wrote on Reddit"
    api.posted(reddit, "api/compose", to=message.recipient, subject=subject, text=message.text)
    return Receipt(_name_of_sent(reddit, message) or f"sent:{message.idempotency_key}", "sent as a private message")


def _name_of_sent(reddit: praw.Reddit, message: OutboundMessage) -> str:
    try:
        sent = api.asked(reddit, "message/sent", limit=10)
    except (Transient, Rejected, BadCredentials):
        return ""  # it has gone; only its name is not known
    for thing in objects(at(sent, "data", "children")):
        data: Any = mapping(thing.get("data"))
        is_to = line(data.get("dest"), 60).lower() == message.recipient.lower()
        if is_to and " ".join(str(data.get("body")).split()) == " ".join(message.text.split()):
            return line(data.get("name"), 40)
    return ""


def _lines(credentials: Credentials, key: str, most: int) -> tuple[str, ...]:
    value = credentials.get(key)
    raw = [str(item) for item in items(value)] if isinstance(value, list) else str(value or "").splitlines()
    return tuple(filter(None, (entry.strip() for entry in raw)))[:most]


def _pace(credentials: Credentials) -> Pace:
    asked = whole(credentials.get("poll_seconds")) or int(Pace().poll_seconds)
    return Pace(poll_seconds=float(min(max(asked, SHORTEST_POLL_SECONDS), LONGEST_POLL_SECONDS)))
