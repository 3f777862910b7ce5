"""Bluesky: mentions, replies, quotes and direct messages in; replies, private answers and likes out.

docs.bsky.app: /docs/tutorials/creating-a-post (reply refs with root and parent, facets in bytes, images as blobs),
/docs/advanced-guides/rate-limits, /docs/api/chat-bsky-convo-get-log. Lexicons: app.bsky.feed.post (300 graphemes, 3,000
bytes), app.bsky.embed.images (4 images of 2,000,000 bytes), chat.bsky.convo.defs#messageInput (1,000 graphemes).
A blob is fetched from its author's own server: atproto.com/specs/did (did:plc, did:web), com.atproto.sync.getBlob.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from connectors import _bluesky_parse as reading
from connectors import _http
from connectors._bluesky_client import DEFAULT_SERVICE, KEPT, NAME, Account, ends_at, kept_session
from connectors._bluesky_parse import CONVO, POST
from connectors._payload import at, line, mapping, objects, whole
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
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json

LIKE = "app.bsky.feed.like"
MAX_POST, MAX_DIRECT = 300, 1_000
MAX_IMAGES, MAX_IMAGE_BYTES = 4, 2_000_000
DEFAULT_DIRECTORY = "https://plc.directory"


class BlueskyConnector(Defaults):
    kind: ClassVar[str] = "bluesky"
    label: ClassVar[str] = "Bluesky"
    family: ClassVar[str] = "social"
    about: ClassVar[str] = phrase("Mentions, replies and direct messages of a Bluesky account.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        pull=True,
        send=True,
        reaches=("bluesky",),
        threads=True,
        attachments=True,
        media_types=("image/*",),
        max_attachments=MAX_IMAGES,
        max_attachment_bytes=MAX_IMAGES * MAX_IMAGE_BYTES,
        max_text=MAX_DIRECT,
        max_public_text=MAX_POST,
        public=True,
        private_reply=True,
        deletes=True,
        reactions=True,
        actions=("like", "unlike"),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("handle", "Handle", required=True, help="acme.bsky.social, or the domain that is your handle."),
        Setting(
            "app_password",
            "App password",
            kind="secret",
            required=True,
            help="Made under Settings, Privacy and security, App passwords; allow access to direct messages there. "
            "Bluesky’s own sign-in page is not used: an app password does as well, and can be taken back there.",
        ),
        Setting(KEPT, "Its session", kind="kept"),
        Setting(
            "direct_messages",
            "Bring direct messages",
            kind="boolean",
            default=True,
            help="Needs an app password that allows direct messages. Off: only public posts come in",
        ),
        Setting(
            "api_url",
            "Server",
            default=DEFAULT_SERVICE,
            group="Advanced",
            help="Where the account lives; another one only where you do not use bsky.social",
        ),
        Setting(
            "directory_url",
            "Directory of accounts",
            default=DEFAULT_DIRECTORY,
            group="Advanced",
            help="Where accounts and their servers are looked up; change it only with a network of your own",
        ),
    )

    def address(self, credentials: Credentials) -> str:
        """Return the handle."""
        handle = line(credentials.get("handle"), 300).lstrip("@")
        return f"@{handle}" if handle else ""

    def renews_at(self, credentials: Credentials) -> float | None:
        """Return when the session that replies leave with should be made anew."""
        return ends_at(credentials)

    def renewed(self, credentials: Credentials) -> Credentials:
        """Return a new session to keep. Raises BadCredentials or Transient."""
        return kept_session(credentials)

    def check(self, credentials: Credentials) -> str:
        """Sign in, say as whom and whether direct messages come. Raises BadCredentials or Transient."""
        account = Account(credentials)
        profile = account.get("app.bsky.actor.getProfile", {"actor": account.did})
        said = f"Signed in as @{account.handle}, {whole(profile.get('followersCount')) or 0:,} followers."
        if credentials.get("direct_messages", True) is False:
            return said
        try:
            account.get("chat.bsky.convo.getLog", is_chat=True)
        except (BadCredentials, Rejected):
            return f"{said} This app password does not open direct messages."
        return said

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield what is new since the cursor, then whatever comes. Raises Transient, BadCredentials."""
        from connectors._bluesky_watch import Watch

        has_chat = credentials.get("direct_messages", True) is not False
        yield from Watch(Account(credentials), cursor, has_chat=has_chat).follow()

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return what was said, deleted or reacted to. Raises Malformed."""
        return reading.messages(load_json(delivery.raw), delivery.meta)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Post a reply, or write a direct message. Raises Transient, BadCredentials or Rejected."""
        account = Account(credentials)
        thread = message.thread_key or ""
        is_direct = thread.startswith(CONVO) or not message.is_public
        if not is_direct:
            return _posted(account, message)
        if message.attachments:
            raise Rejected("A direct message on Bluesky takes no files.")
        convo = thread.removeprefix(CONVO) if thread.startswith(CONVO) else _convo_with(account, message.recipient)
        body = {"text": message.text, "facets": account.facets(message.text)}
        said = account.post("chat.bsky.convo.sendMessage", {"convoId": convo, "message": body}, is_chat=True)
        if not line(said.get("id")):
            raise Transient(phrase("{name} did not say what became of the message.", name=NAME))
        return Receipt(f"message:{convo}:{line(said['id'])}")

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch a blob from its author's server, guarded. Raises Transient or Rejected."""
        did, _, cid = file.media_id.partition("/")
        directory = line(credentials.get("directory_url"), 500) or DEFAULT_DIRECTORY
        home = _home_of(did, directory, may_reach)
        url = f"{home}/xrpc/com.atproto.sync.getBlob?{urlencode({'did': did, 'cid': cid})}"
        return fetched(file, url, name=NAME, may_reach=may_reach)

    def act(self, credentials: Credentials, action: Action) -> None:
        """Like a post or take that back; twice is once. Raises Transient, BadCredentials or Rejected."""
        if action.kind not in self.capabilities.actions or not action.target.startswith("at://"):
            raise Rejected(phrase("{name} does not offer that for this message.", name=NAME))
        account = Account(credentials)
        post = _post(account, action.target)
        liked = line(at(post, "viewer", "like"), 500)
        if action.kind == "like" and not liked:
            subject = {"uri": action.target, "cid": post.get("cid")}
            _create(account, LIKE, {"subject": subject})
        if action.kind == "unlike" and liked:
            key = {"repo": account.did, "collection": LIKE, "rkey": liked.rpartition("/")[2]}
            account.post("com.atproto.repo.deleteRecord", key)


def _posted(account: Account, message: OutboundMessage) -> Receipt:
    record: dict[str, Any] = {"text": message.text, "facets": account.facets(message.text)}
    if message.answers:
        parent = _post(account, message.answers)
        ref = {"uri": parent.get("uri"), "cid": parent.get("cid")}
        root = mapping(at(parent, "record", "reply", "root"))
        record["reply"] = {"root": root if line(root.get("uri")) else ref, "parent": ref}
    if message.attachments:
        record["embed"] = {"$type": "app.bsky.embed.images", "images": _images(account, message)}
    uri = _create(account, POST, record)
    return Receipt(uri, detail=f"https://bsky.app/profile/{account.handle}/post/{uri.rpartition('/')[2]}")


def _images(account: Account, message: OutboundMessage) -> list[Mapping[str, Any]]:
    if len(message.attachments) > MAX_IMAGES:
        raise Rejected(phrase("A post on Bluesky takes {most} images.", most=MAX_IMAGES))
    for file in message.attachments:
        if not file.content_type.startswith("image/") or len(file.data) > MAX_IMAGE_BYTES:
            raise Rejected(
                phrase("{file} is no image of at most {most} MB.", file=file.filename, most=MAX_IMAGE_BYTES // 1000000)
            )
    files = message.attachments
    return [{"alt": file.filename, "image": account.upload(file.data, file.content_type)} for file in files]


def _post(account: Account, uri: str) -> Mapping[str, Any]:
    """Return a post as the account sees it. Raises Rejected where it is gone."""
    posts = objects(account.get("app.bsky.feed.getPosts", {"uris": [uri]}).get("posts"))
    found = next((post for post in posts if line(post.get("uri"), 500) == uri), None)
    if found is None:
        raise Rejected("The post is no longer there.")
    return found


def _create(account: Account, collection: str, record: Mapping[str, Any]) -> str:
    """Write a record into the account's repository and return its address."""
    made = _now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    whole_record = {"$type": collection, **record, "createdAt": made}
    body = {"repo": account.did, "collection": collection, "record": whole_record}
    uri = line(account.post("com.atproto.repo.createRecord", body).get("uri"), 500)
    if not uri:
        raise Transient(phrase("{name} did not say what became of the post.", name=NAME))
    return uri


def _convo_with(account: Account, recipient: str) -> str:
    if not recipient:
        raise Rejected("It is not said who this goes to.")
    said = account.get("chat.bsky.convo.getConvoForMembers", {"members": [recipient]}, is_chat=True)
    convo = line(at(said, "convo", "id"))
    if not convo:
        raise Rejected("Bluesky opens no conversation with this account.")
    return convo


def _home_of(did: str, directory: str, may_reach: MayReach) -> str:
    """Look up the server that keeps an account's files. Raises Transient or Rejected."""
    method, _, name = did.removeprefix("did:").partition(":")
    if method == "web" and name and ":" not in name and "/" not in name:
        url = f"https://{name}/.well-known/did.json"
    elif method == "plc" and name.isalnum():
        url = f"{directory.rstrip('/')}/{quote(did, safe=':')}"
    else:
        raise Rejected("This account cannot be looked up.")
    answer = _http.download(url, headers={"accept": "application/json"}, may_reach=may_reach, seconds=20.0)
    if answer.status >= 500:
        raise Transient("The directory of accounts cannot answer now.")
    try:
        services = objects(at(load_json(answer.body), "service"))
    except Malformed:
        services = []
    home = next(
        (line(s.get("serviceEndpoint"), 500) for s in services if line(s.get("id")).endswith("#atproto_pds")), ""
    )
    if not home:
        raise Rejected("This account's files cannot be found.")
    return home.rstrip("/")


def _now() -> datetime:
    return datetime.now(UTC)
