"""An Instagram professional account: direct messages, and what people write under its posts and live videos.

Sources (developers.facebook.com/documentation): business-messaging/instagram-messaging/features/send-message (1,000
bytes of text, 24 hours or 7 days as a person), .../attachment-upload (types and sizes), .../private-replies;
instagram-platform/webhooks/examples; instagram-platform/comment-moderation (replies, hide, delete);
instagram-platform/instagram-graph-api/reference/ig-user/mentions;
business-messaging/instagram-messaging/features/user-profile (of who wrote directly). Signed in by Facebook Login (a
page's token, with its page id) or by Instagram Login (graph.instagram.com, without a page; no files uploaded there).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

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
from connectors._instagram_comments import COMMENT, KIND, MENTION, SITE
from connectors._instagram_comments import messages_of as public_messages
from connectors._json_api import segment
from connectors._messenger_channel import MessengerChannel
from connectors._messenger_history import History
from connectors._messenger_send import (
    DAY_SECONDS,
    HUMAN_AGENT,
    HUMAN_AGENT_SECONDS,
    MAX_FILE,
    MOST_FILES,
    Desk,
    deliver,
    mark_seen,
    reply_in_private,
    show_typing,
)
from connectors._payload import at, line, mapping, whole
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

NAME = "Instagram"
MAX_TEXT_BYTES = 1000
MEDIA_TYPES = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "audio/aac",
    "audio/mp4",
    "audio/x-m4a",
    "audio/wav",
    "audio/x-wav",
    "video/mp4",
    "video/ogg",
    "video/x-msvideo",
    "video/quicktime",
    "video/webm",
    "application/pdf",
)
FIELDS = (
    "comments, live_comments, mentions, messages, message_edit, message_reactions, messaging_postbacks, "
    "messaging_referral, messaging_seen"
)


class InstagramConnector(PageSignIn, MessengerChannel):
    kind: ClassVar[str] = KIND
    name: ClassVar[str] = NAME
    public_messages = staticmethod(public_messages)
    label: ClassVar[str] = NAME
    family: ClassVar[str] = "social"
    about: ClassVar[str] = phrase(
        "An Instagram account: direct messages, comments and mentions; answer in public or in private."
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=(KIND,),
        threads=True,
        attachments=True,
        media_types=MEDIA_TYPES,
        max_attachments=MOST_FILES,
        max_text=MAX_TEXT_BYTES,  # bytes, checked again when it is sent
        max_attachment_bytes=MAX_FILE,
        reply_window_seconds=DAY_SECONDS,
        human_window_seconds=HUMAN_AGENT_SECONDS,
        human_window_setting=HUMAN_AGENT.key,
        public=True,
        private_reply=True,
        edits=True,
        deletes=True,
        reactions=True,
        read_states=True,
        marks_read=True,
        shows_typing=True,
        actions=("hide", "unhide", "delete"),
        profiles=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("handle", "Account", help="As people know it: @acme."),
        Setting("account_id", "Instagram account id", help="Of the professional account. A sign-in brings it."),
        Setting("page_id", "Page id", help="Of the Facebook page it is linked to. Empty with Instagram Login."),
        Setting(
            "access_token",
            "Access token",
            kind="secret",
            help="A sign-in brings it. Or: the page's, or of Instagram Login.",
        ),
        APP_SECRET,
        VERIFY_TOKEN,
        HUMAN_AGENT,
        TELLS_READ,
        SHOWS_TYPING,
        *APP_SETTINGS,
        *advanced(),
    )
    sign_in: ClassVar[SignIn] = SignIn(STEPS, ("account_id",), offers_several=True, account_word="Instagram account")
    sign_in_scopes = (*PAGES, "instagram_basic", "instagram_manage_messages", "instagram_manage_comments")
    page_fields = "id,name,access_token,instagram_business_account{id,username,name}"
    subscribed = ("feed",)  # any field of the page will do: docs/graph-api/webhooks/…/webhooks-for-instagram

    def account_in(self, page: Mapping[str, Any]) -> ProviderAccount | None:
        """Return the professional account that is linked to a page; None where there is none."""
        own, token = mapping(page.get("instagram_business_account")), line(page.get("access_token"), 2000)
        key, name = line(own.get("id"), 60), line(own.get("username"), 100)
        kept = {"account_id": key, "page_id": line(page.get("id"), 60), "access_token": token, "handle": f"@{name}"}
        linked = f"linked to the page {line(page.get('name'), 200)}"
        return ProviderAccount(kept, key, f"@{name}", linked) if key and name and token else None

    def address(self, credentials: Credentials) -> str:
        """Return the account's name, as the settings say it."""
        return line(credentials.get("handle"), 100)

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return (label, text) of what an admin enters at Meta."""
        return (
            (
                "Callback URL (Webhooks, Instagram): one serves all accounts of an app",
                f"{base_url}/webhooks/{KIND}/{token}",
            ),
            ("Verify token", "the one you entered here as “Verify token”"),
            ("Webhook fields to subscribe to", FIELDS),
        )

    def check(self, credentials: Credentials) -> str:
        """Sign in and say which account it is. Raises BadCredentials or Transient."""
        account = _account(credentials)
        found = _known(_graph(credentials), account)
        username, followers = line(at(found, "username"), 100), count_of(at(found, "followers_count"))
        return (
            f"Signed in as {f'@{username}' if username else account}{f', {followers} followers' if followers else ''}."
        )

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield direct messages that no webhook brought. Raises Transient or BadCredentials."""
        account, api = _account(credentials), _graph(credentials)
        known = _known(api, account)
        own = frozenset(filter(None, (account, line(at(known, "id"), 100), line(at(known, "username"), 100))))
        yield from History(api, _desk(credentials).home, KIND, own, more_fields=",story").follow(cursor)

    home_key = "account_id"

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Answer in public under a comment or mention, in private to a comment, or directly. Raises as usual."""
        if len(message.text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
            raise Rejected("Instagram takes texts of at most 1,000 bytes: letters beyond a-z count twice or more.")
        answers = message.answers or ""
        if message.is_public:
            return _commented(_graph(credentials), _account(credentials), message)
        if answers.startswith(MENTION):
            raise Rejected("Instagram lets nobody answer a mention in private.")
        desk = _desk(credentials)
        if answers.startswith(COMMENT):
            return reply_in_private(desk, {"comment_id": answers.removeprefix(COMMENT)}, message)
        if message.attachments and not credentials.get("page_id"):
            raise Rejected("Files leave only by the linked Facebook page: set the page id in the channel's settings.")
        return deliver(desk, message)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Hide, show or delete a comment under the account's own posts; mark messages as read; show that
        somebody is typing. Raises as the protocol says.
        """
        if action.kind == "read":
            mark_seen(_desk(credentials), action.recipient)
            return
        if action.kind == "typing":
            show_typing(_desk(credentials), action.recipient)
            return
        if not action.target.startswith(COMMENT):
            raise Rejected("Instagram offers this for comments only.")
        api, place = _graph(credentials), segment(action.target.removeprefix(COMMENT))
        if action.kind in {"hide", "unhide"}:
            api.post(place, {"hide": action.kind == "hide"})
        elif action.kind == "delete":
            api.delete(place)
        else:
            raise Rejected("Instagram does not offer that.")

    def look_up(self, credentials: Credentials, address: str, thread_key: str | None) -> Identity | None:  # noqa: ARG002
        """Ask who wrote to the account. Raises Transient or BadCredentials."""
        told = person(_graph(credentials), address, "name,username,profile_pic,follower_count")
        username = line(told.get("username"), 100).removeprefix("@")
        name = line(told.get("name"), 200) or username
        if not name:
            return None
        shown = Profile(
            handle=f"@{username}" if username else "",
            url=f"{SITE}/{segment(username)}/" if username else "",
            avatar_url=line(told.get("profile_pic"), 2_000),
            followers=whole(told.get("follower_count")),
        )
        return Identity(KIND, address, name, verified=True, profile=shown)


def _graph(credentials: Credentials) -> Graph:
    return graph(credentials, NAME)


def _account(credentials: Credentials) -> str:
    return required_id(credentials, "account_id", "The Instagram account id")


def _known(api: Graph, account: str) -> Any:
    """Return what Instagram knows of the account. Raises BadCredentials where it is not this token's."""
    try:
        return api.get(segment(account), fields="id,username,followers_count")
    except Rejected as error:
        raise BadCredentials(error.reason) from None


def _desk(credentials: Credentials) -> Desk:
    home = required_id(credentials, "page_id", "The page id") if credentials.get("page_id") else _account(credentials)
    is_human = credentials.get("human_agent") is True
    return Desk(_graph(credentials), NAME, home, is_human, upload_fields={"platform": "instagram"})


def _commented(api: Graph, account: str, message: OutboundMessage) -> Receipt:
    """Answer in public: a comment by its replies, a mention by the account's mentions. Raises as the protocol says."""
    if message.attachments:
        raise Rejected("An Instagram comment holds no files.")
    answers, root = message.answers or "", (message.thread_key or "").partition("/")[2]
    if answers.startswith(MENTION):
        media, _, comment = answers.removeprefix(MENTION).partition(":")
        about = {"media_id": media} | ({"comment_id": comment} if comment else {})
        answer = api.post(f"{segment(account)}/mentions", {**about, "message": message.text})
    elif answers.startswith(COMMENT) or root:
        target = answers.removeprefix(COMMENT) if answers.startswith(COMMENT) else root
        answer = api.post(f"{segment(target)}/replies", {"message": message.text})
    else:
        raise Rejected("It is not known which comment this answers.")
    comment_id = line(at(answer, "id"), 100)
    if not comment_id:
        raise Rejected("Instagram took the comment but did not say under which id.")
    return Receipt(external_id=f"{COMMENT}{comment_id}")
