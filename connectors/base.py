"""The frozen values that cross the boundary of a connector (see protocol.py). Times are aware UTC datetimes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal

from connectors.phrases import Labelled
from connectors.text_length import Counting
from connectors.typing_signal import Typing

Auto = Literal["none", "auto_reply", "bounce", "list", "calendar"]
MessageKind = Literal[
    "text", "image", "audio", "video", "file", "location", "contact", "sticker",  # something said
    "reaction", "edit", "delete", "status",  # something that happened to a message said before
    "unsupported",  # said, but this kind of channel does not tell us what
]  # fmt: skip
DeletedBy = Literal["customer", "moderator", "provider", "unknown"]
Status = Literal["sent", "delivered", "read", "failed"]
ActionKind = Literal["like", "unlike", "hide", "unhide", "delete", "read", "typing"]  # "read": all up to it was read
IdentityKind = str  # "email", "phone", "visitor" are shared by all channels; a provider's own accounts carry its kind
SettingKind = Literal["text", "secret", "integer", "boolean", "choice", "lines", "kept"]
Credentials = Mapping[str, Any]
MayReach = Callable[[IPv4Address | IPv6Address], bool]
Cursor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting(Labelled):
    """One field of a channel's settings, sealed. `secret`: never shown; `kept`: brought by a sign-in, nor typed."""

    key: str
    label: str
    kind: SettingKind = "text"
    required: bool = False
    default: str | int | bool | None = None
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind of channel can do, as data; the composer and the pipeline enforce it."""

    push: bool = False  # bytes come to us (HTTP, socket)
    own_pages: bool = False  # they come through pages of ours, so the webhook address takes none
    manual_entry: bool = False  # a person may write down what happened (protocol.py: `entry`)
    pull: bool = False  # we go and fetch them
    send: bool = False  # replies can leave through it
    reaches: tuple[IdentityKind, ...] = ()  # the kinds of address a reply can go to
    live_only: bool = False  # a reply reaches the customer only while they are connected
    idempotent_send: bool = False  # sending the same idempotency_key twice delivers once
    threads: bool = False  # the provider tells which messages belong together
    subject: bool = False
    html: bool = False
    cc: bool = False  # replies may have copies, also blind ones
    senders: bool = False  # a reply may leave with one of several addresses
    shows_typing: bool = False  # customers see that we type: by our own socket (own_pages), else `act` takes "typing"
    tells_typing: bool = False  # we see that customers type
    attachments: bool = False
    public_files: bool = False  # the provider fetches them: each needs an address of ours that the world can reach
    media_types: tuple[str, ...] = ()  # of files that may be sent: "image/png", "image/*"; empty: any
    max_attachments: int = 20  # files of one message
    max_text: int = 100_000  # characters
    max_public_text: int | None = None  # of what everybody reads, where that is another limit
    longer_public_text: int | None = None  # likewise, where the setting below is on
    longer_public_setting: str = ""  # the key of a boolean setting: the account may write longer posts
    public_counting: Counting | None = None  # how the provider counts public texts; None: in characters
    max_attachment_bytes: int = 25_000_000  # all attachments of one message together
    reply_window_seconds: float | None = None  # since the customer's last message; None: always
    human_window_seconds: float | None = None  # if a person wrote it, where the setting below is on
    human_window_setting: str = ""  # the key of a boolean setting: an admin says that the provider granted it
    templates: bool = False  # outside the window a template that the provider approved may still be sent
    public: bool = False  # some of its messages are public posts
    private_reply: bool = False  # a public message may be answered in private
    edits: bool = False  # customers can edit what they said
    deletes: bool = False  # customers can take back what they said
    reactions: bool = False  # customers can react to a message
    delivery_states: bool = False  # the provider tells when a reply arrived
    read_states: bool = False  # the provider tells when a reply was read
    marks_read: bool = False  # `act` takes "read", where the setting TELLS_READ (_read_marks.py) is on
    actions: tuple[ActionKind, ...] = ()  # what an agent may do with a customer's message besides answering
    local_ids: bool = False  # its ids of people (identities of its own kind) name somebody else on another channel
    profiles: bool = False  # messages bring ids only; `look_up` tells who somebody is


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """Exactly what arrived. `external_id` is the provider's id; None means: the hash of the bytes tells duplicates."""

    raw: bytes
    received_at: datetime
    external_id: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)  # e.g. folder, uid, content_type, remote_address


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries to store and the cursor to keep in the same transaction. An empty batch is a heartbeat."""

    deliveries: tuple[RawDelivery, ...] = ()
    cursor: Cursor | None = None  # None: leave the stored cursor as it is
    typing: tuple[Typing, ...] = ()  # told to who looks, never stored


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address as written in a header; `email` is lower case."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a provider shows of a person to everybody. All of it is written by that person."""

    handle: str = ""  # as people write it: "@ana"
    url: str = ""
    avatar_url: str = ""
    followers: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One address of a person on one kind of channel. `verified`: the channel itself vouches for it.

    `address` is what a reply is sent to and never changes (the provider's id, not a handle that can be renamed).
    """

    kind: IdentityKind
    address: str
    name: str = ""
    verified: bool = False
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class InboundAttachment:
    filename: str
    content_type: str
    data: bytes
    is_inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that stays with the provider until `download` fetches it, by its address or by the provider's id."""

    filename: str
    content_type: str
    url: str = ""
    media_id: str = ""
    size: int | None = None  # bytes, as the provider says


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One thing a customer said, or (by its `kind`) that happened to a message said before.

    `text` holds only the new words; `quoted` and `signature` what was cut from them; `html` is raw and untrusted.
    `external_id` is never empty (a synthetic one is made from the content). `tokens` are reply tokens found in the
    recipients; `thread_key` is the channel's own name of the conversation, where it has one.

    What happened to a message: `kind` is edit (`text` is the new one), delete, reaction (`reaction` is the emoji, ""
    takes it back) or status (`status`, and `status_reason` where it failed), `target` the external id of that message,
    and `external_id` tells this event from others. A status without a target is about all private replies to its sender
    that were sent up to `until`. The sender is the customer in any case; only a deletion that the
    provider attributes to nobody, or does itself, has a sender of the kind "provider". Something said may also tell
    what became of another message (a failed delivery): it has those three fields too.
    """

    external_id: str
    sender: Identity
    subject: str = ""
    text: str = ""
    quoted: str = ""
    signature: str = ""
    html: str | None = None
    attachments: tuple[InboundAttachment, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    thread_key: str | None = None
    auto: Auto = "none"
    sent_at: datetime | None = None
    also: tuple[Identity, ...] = ()  # further identities of the same sender (an e-mail left in a chat)
    custom: Mapping[str, str] = field(default_factory=dict)
    kind: MessageKind = "text"
    target: str | None = None
    reaction: str = ""
    status: Status | None = None
    status_reason: str = ""
    until: datetime | None = None
    deleted_by: DeletedBy = "customer"  # "moderator", "provider": unless the sender wrote it
    remote_files: tuple[RemoteFile, ...] = ()
    is_public: bool = False  # everybody can read it
    url: str = ""  # where people see it at the provider


@dataclass(frozen=True, slots=True)
class Template:
    """A message that the provider approved beforehand. `text` has {{1}}, {{2}} … where `values` go, in order."""

    name: str
    language: str
    text: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutboundAttachment:
    filename: str
    content_type: str
    data: bytes
    url: str = ""  # where a provider may fetch it, for some days; "" where the world cannot reach us
    content_id: str = ""  # `cid:` in the HTML shows it there; without brackets


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A reply on its way out; ids carry no angle brackets. `idempotency_key` is stable over retries, `in_reply_to` the
    newest message of the conversation, `answers` the customer's message that is answered.
    """

    idempotency_key: str
    to: tuple[Address, ...]
    text: str
    recipient: str = ""  # the identity's address on channels other than mail
    subject: str = ""
    html: str | None = None
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()  # get it too, without anybody seeing that
    sender: Address | None = None  # leaves with this address instead of the channel's own
    attachments: tuple[OutboundAttachment, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    reply_token: str | None = None
    from_name: str = ""
    automatic: bool = False  # nobody wrote it: carries the headers that stop mail loops
    thread_key: str | None = None
    answers: str | None = None
    quote_token: str = ""  # what the provider gave with that message for it (InboundMessage.custom QUOTE_TOKEN)
    is_public: bool = False  # everybody may read it; False where `answers` is public: a private reply
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took it; `external_id` is what later messages will refer to."""

    external_id: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A webhook call as it arrived; header names are lower case. `url` is the whole address the provider called."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    remote_address: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Received:
    """What a webhook call brought (nothing, for a handshake), and what to answer once that is stored."""

    deliveries: tuple[RawDelivery, ...] = ()
    answer: WebAnswer = WebAnswer()


@dataclass(frozen=True, slots=True)
class Action:
    """What an agent does with a customer's message besides answering it."""

    kind: ActionKind
    target: str  # the message's external id
    recipient: str = ""  # its sender's address
    thread_key: str | None = None
    token: str = ""  # what the provider gave with the message for it (InboundMessage.custom READ_TOKEN)
