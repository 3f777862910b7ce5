"""A Facebook page: Messenger, and what people write under its posts and on it.

Sources (developers.facebook.com): documentation/business-messaging/messenger-platform (webhooks, send-messages: 2,000
characters, 24 hours or 7 days as a person; private-replies); docs/graph-api/webhooks/reference/page (feed);
docs/graph-api/reference/object/comments (a public answer, one picture), .../comment (is_hidden, delete), .../likes.
The page's own comments and echoes of its messages are not heard. Messages that came while nobody could take a webhook
are looked up afterwards (_messenger_history). A person's name and picture are not in what Messenger posts:
business-messaging/messenger-platform/identity/user-profile (the picture's address expires after some days).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from connectors._facebook_feed import COMMENT, KIND, POST
from connectors._facebook_feed import messages_of as public_messages
from connectors._graph import (
    APP_SECRET,
    VERIFY_TOKEN,
    Graph,
    advanced,
    count_of,
    graph,
    person,
    required_id,
)
from connectors._graph_sign_in import APP_SETTINGS, PAGES, STEPS, PageSignIn
from connectors._json_api import segment
from connectors._messenger_channel import MessengerChannel
from connectors._messenger_history import History
from connectors._messenger_send import (
    DAY_SECONDS,
    HUMAN_AGENT,
    HUMAN_AGENT_SECONDS,
    MAX_FILE,
    MAX_IMAGE,
    MOST_FILES,
    Desk,
    deliver,
    kind_of,
    mark_seen,
    reply_in_private,
    show_typing,
)
from connectors._payload import at, line
from connectors._read_marks import TELLS_READ
from connectors._typing import SHOWS_TYPING
from connectors.base import (
    Action,
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    Identity,
    OutboundMessage,
    Profile,
    Receipt,
    Setting,
)
from connectors.errors import BadCredentials, Rejected
from connectors.phrases import phrase
from connectors.sign_in import ProviderAccount, SignIn

NAME = "Facebook"
MAX_TEXT = 2000
FIELDS = (
    "feed, mention, ratings, messages, message_edits, message_reactions, message_reads, message_deliveries, "
    "messaging_postbacks, messaging_referrals"
)


class FacebookConnector(PageSignIn, MessengerChannel):
    kind: ClassVar[str] = KIND
    name: ClassVar[str] = NAME
    public_messages = staticmethod(public_messages)
    label: ClassVar[str] = phrase("Facebook page")
    family: ClassVar[str] = "social"
    about: ClassVar[str] = phrase("A Facebook page: Messenger, comments and posts; answer in public or in private.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=(KIND,),
        threads=True,
        attachments=True,
        max_attachments=MOST_FILES,
        max_text=MAX_TEXT,
        max_attachment_bytes=MAX_FILE,
        reply_window_seconds=DAY_SECONDS,
        human_window_seconds=HUMAN_AGENT_SECONDS,
        human_window_setting=HUMAN_AGENT.key,
        public=True,
        private_reply=True,
        edits=True,
        deletes=True,
        reactions=True,
        delivery_states=True,
        read_states=True,
        marks_read=True,
        shows_typing=True,
        actions=("like", "unlike", "hide", "unhide", "delete"),
        profiles=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("handle", "Page address", help="As people know it: facebook.com/acme."),
        Setting("page_id", "Page id", help="A sign-in brings it. Or: About, Page transparency. Digits only."),
        Setting(
            "access_token",
            "Page access token",
            kind="secret",
            help="A sign-in brings it. Or: of a system user, it lasts.",
        ),
        APP_SECRET,
        VERIFY_TOKEN,
        HUMAN_AGENT,
        TELLS_READ,
        SHOWS_TYPING,
        *APP_SETTINGS,
        *advanced(),
    )
    sign_in: ClassVar[SignIn] = SignIn(STEPS, ("page_id",), offers_several=True, account_word="page")
    sign_in_scopes = (*PAGES, "pages_messaging", "pages_read_user_content", "pages_manage_engagement")
    page_fields = "id,name,username,access_token"
    subscribed = tuple(FIELDS.split(", "))

    def account_in(self, page: Mapping[str, Any]) -> ProviderAccount | None:
        """Return a page that was given access to."""
        key, token, name = line(page.get("id"), 60), line(page.get("access_token"), 2000), line(page.get("name"), 200)
        handle = f"facebook.com/{line(page.get('username'), 100) or key}"
        kept = {"page_id": key, "access_token": token, "handle": handle}
        return ProviderAccount(kept, key, name or handle, handle) if key and token else None

    def address(self, credentials: Credentials) -> str:
        """Return the page's address, as the settings say it."""
        return line(credentials.get("handle"), 200)

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin enters at Meta."""
        return (
            ("Callback URL (Webhooks, Page): one serves all pages of an app", f"{base_url}/webhooks/{KIND}/{token}"),
            ("Verify token", "the one you entered here as “Verify token”"),
            ("Webhook fields to subscribe to", FIELDS),
        )

    def check(self, credentials: Credentials) -> str:
        """Sign in and say which page it is. Raises BadCredentials or Transient."""
        page = _page(credentials)
        try:
            found = _graph(credentials).get(segment(page), fields="name,followers_count")
        except Rejected as error:
            raise BadCredentials(error.reason) from None
        followers = count_of(at(found, "followers_count"))
        return f"Signed in as {line(at(found, 'name')) or page}{f', {followers} followers' if followers else ''}."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield direct messages that no webhook brought. Raises Transient or BadCredentials."""
        page = _page(credentials)
        yield from History(_graph(credentials), page, "messenger", frozenset({page})).follow(cursor)

    home_key = "page_id"

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Answer in public under a comment or post, in private to one, or in Messenger. Raises as the protocol says."""
        answered = _public_id(message.answers)
        if message.is_public:
            return _commented(_graph(credentials), answered or _root(message), message)
        desk = _desk(credentials)
        if answered:
            key = "comment_id" if str(message.answers).startswith(COMMENT) else "post_id"
            return reply_in_private(desk, {key: answered}, message)
        return deliver(desk, message)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Like, hide or delete a comment or a visitor's post, and back; mark messages as read; show that
        somebody is typing. Raises as the protocol says.
        """
        if action.kind == "read":
            mark_seen(_desk(credentials), action.recipient)
            return
        if action.kind == "typing":
            show_typing(_desk(credentials), action.recipient)
            return
        target = _public_id(action.target)
        if not target:
            raise Rejected("Facebook offers this for comments and posts only.")
        api, place = _graph(credentials), segment(target)
        match action.kind:
            case "like":
                api.post(f"{place}/likes", {})
            case "unlike":
                api.delete(f"{place}/likes")
            case "hide" | "unhide":
                api.post(place, {"is_hidden": action.kind == "hide"})
            case "delete":
                api.delete(place)

    def look_up(self, credentials: Credentials, address: str, thread_key: str | None) -> Identity | None:  # noqa: ARG002
        """Ask who wrote to the page. Raises Transient or BadCredentials."""
        told = person(_graph(credentials), address, "name,first_name,last_name,profile_pic")
        parts = (line(told.get("first_name"), 100), line(told.get("last_name"), 100))
        name = line(told.get("name"), 200) or " ".join(filter(None, parts))
        picture = line(told.get("profile_pic"), 2_000)
        if not name and not picture:
            return None
        return Identity(KIND, address, name, verified=True, profile=Profile(avatar_url=picture))


def _graph(credentials: Credentials) -> Graph:
    return graph(credentials, NAME)


def _desk(credentials: Credentials) -> Desk:
    return Desk(_graph(credentials), NAME, _page(credentials), credentials.get("human_agent") is True)


def _page(credentials: Credentials) -> str:
    return required_id(credentials, "page_id", "The page id")


def _public_id(external_id: str | None) -> str:
    """Return the provider's id of a comment or post, "" for a direct message."""
    return next(
        (external_id[len(mark) :] for mark in (COMMENT, POST) if external_id and external_id.startswith(mark)), ""
    )


def _root(message: OutboundMessage) -> str:
    """Return the comment (or post) at the root of a public thread, which holds what was not answered in particular."""
    root = (message.thread_key or "").partition("/")[2]
    if not root:
        raise Rejected("It is not known which comment this answers.")
    return root


def _commented(api: Graph, target: str, message: OutboundMessage) -> Receipt:
    """Answer in public, with one picture at most. Raises as the protocol says."""
    place = f"{segment(target)}/comments"
    files = message.attachments
    if len(files) > 1 or any(kind_of(file) != "image" or len(file.data) > MAX_IMAGE for file in files):
        raise Rejected("A public comment holds one picture of at most 8 MB, and no other file.")
    answer: Any
    if files:
        answer = api.upload(place, {"message": message.text} if message.text else {}, "source", files[0])
    else:
        answer = api.post(place, {"message": message.text})
    comment = line(at(answer, "id"), 200)
    if not comment:
        raise Rejected("Facebook took the comment but did not say under which id.")
    return Receipt(external_id=f"{COMMENT}{comment}")
