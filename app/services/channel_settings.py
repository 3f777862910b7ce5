"""A channel's settings as its connector describes them: read from a form or command, kept secrets, sealed drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app import crypto
from app.errors import Invalid, NotFound, SetupError
from app.phrases import phrase
from connectors.base import Setting
from connectors.protocol import Connector
from connectors.registry import connector_for, kinds

LONGEST_LINE, LONGEST_LINES = 2_000, 20_000  # characters
LARGEST = 2**31 - 1
YES = {"1", "true", "yes", "on"}
SEALED_KINDS = frozenset({"secret", "kept"})  # what a screen never shows
PLACE_WORDS = ("host", "server", "url")  # a setting whose key contains one says where secrets are sent to


def all_connectors() -> list[Connector]:
    """Return the connector of every kind, in the order of the registry."""
    return [connector_for(kind) for kind in kinds()]


def find_connector(kind: str) -> Connector:
    """Return the connector of a kind. Raises NotFound."""
    try:
        return connector_for(kind)
    except KeyError:
        known = ", ".join(kinds())
        raise NotFound(
            phrase("There is no kind of channel called “{kind}”: choose one of {known}.", kind=kind, known=known)
        ) from None


def field_of(key: str) -> str:
    """Return the name of a setting's form field."""
    return f"setting-{key}"


def defaults(kind: str) -> dict[str, Any]:
    """Return what a form starts with."""
    return {setting.key: setting.default for setting in find_connector(kind).settings if setting.default is not None}


def read(kind: str, given: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return credentials that fit the kind's schema; an empty secret means: as it was (`kept`). Raises Invalid."""
    schema = find_connector(kind).settings
    unknown = set(given) - {setting.key for setting in schema}
    if unknown:
        known = ", ".join(setting.key for setting in schema)
        name = min(unknown)
        raise Invalid(phrase("“{name}” is no setting of {kind}: there are {known}.", name=name, kind=kind, known=known))
    values = {setting.key: _value(setting, given, kept or {}) for setting in schema}
    _refuse_moved_secrets(schema, given, values, kept or {})
    if _moved(schema, values, kept) or _replaces_sign_in(kind, values, kept or {}):
        values |= {setting.key: None for setting in schema if setting.kind == "kept"}
    return values


def read_fields(fields: Sequence[Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed into a form of these fields; what was left empty is not in it. Raises Invalid."""
    values = {field.key: _value(field, given, {}) for field in fields}
    return {key: value for key, value in values.items() if value not in ("", None)}


def with_newest(
    kind: str, values: Mapping[str, Any], *, seen: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    """Return values to save with what a sign-in, or its renewal, brought while a form was open (`seen`: before)."""
    brought = {setting.key for setting in find_connector(kind).settings if setting.kind in SEALED_KINDS}
    newer = {key for key in brought if now.get(key) != seen.get(key) and values.get(key) == seen.get(key)}
    return {**values, **{key: now.get(key) for key in newer}}


def places(kind: str, credentials: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (key, host) of every setting that names a server to connect to."""
    named = ((setting.key, str(credentials.get(setting.key) or "")) for setting in _place_settings(kind))
    return [(key, _host_in(value)) for key, value in named if value]


def without_secrets(kind: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be shown on a screen."""
    secret = {setting.key for setting in find_connector(kind).settings if setting.kind in SEALED_KINDS}
    return {key: value for key, value in credentials.items() if key not in secret}


def draft(kind: str, owner: str, credentials: Mapping[str, Any]) -> str:
    """Seal typed secrets into a form that has to be shown again, for the same user and kind only."""
    secrets = {key: value for key, value in credentials.items() if key not in without_secrets(kind, credentials)}
    return crypto.seal({"draft": kind, "owner": owner, "secrets": secrets}).decode()


def open_draft(kind: str, owner: str, sealed: str) -> dict[str, Any]:
    """Return the secrets of a draft; nothing for one that is not ours, not this user's, or of another kind."""
    if not sealed or len(sealed) > LONGEST_LINES:
        return {}
    try:
        opened = crypto.unseal(sealed.encode())
    except SetupError:
        return {}
    fits = opened.get("draft") == kind and opened.get("owner") == owner
    return dict(opened["secrets"]) if fits else {}


def _value(setting: Setting, given: Mapping[str, Any], kept: Mapping[str, Any]) -> Any:
    if setting.kind == "kept":
        return kept.get(setting.key)
    raw = given.get(setting.key)
    if setting.kind == "boolean":
        return raw if isinstance(raw, bool) else str(raw if raw is not None else "").lower() in YES
    text = "" if raw is None else str(raw)
    text = text if setting.kind == "secret" else text.replace("\r\n", "\n").strip()
    if setting.kind == "secret" and not text:
        text = str(kept.get(setting.key) or "")
    if not text:
        if setting.required:
            raise Invalid(phrase("“{field}” is needed.", field=setting.label), field=field_of(setting.key))
        return "" if setting.kind in {"text", "secret", "lines"} else setting.default
    return _checked(setting, text)


def _checked(setting: Setting, text: str) -> Any:
    field = field_of(setting.key)
    longest = LONGEST_LINES if setting.kind == "lines" else LONGEST_LINE
    if len(text) > longest:
        raise Invalid(
            phrase("“{field}” takes at most {most} characters.", field=setting.label, most=longest), field=field
        )
    printable = text.replace("\n", "") if setting.kind == "lines" else text
    if any(ord(character) < 0x20 and character != "\t" for character in printable):
        raise Invalid(phrase("“{field}” holds a control character.", field=setting.label), field=field)
    if setting.kind == "integer":
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit() and abs(int(text[:12])) <= LARGEST):
            raise Invalid(phrase("“{field}” is a whole number.", field=setting.label), field=field)
        return int(text)
    if setting.kind == "choice" and text not in dict(setting.choices):
        known = ", ".join(dict(setting.choices))
        raise Invalid(phrase("“{field}” is one of: {known}.", field=setting.label, known=known), field=field)
    return text


def _refuse_moved_secrets(
    schema: Sequence[Setting], given: Mapping[str, Any], values: Mapping[str, Any], kept: Mapping[str, Any]
) -> None:
    """Ask for secrets anew when the server changes: a kept password must not be sent somewhere else unseen."""
    moved = _moved(schema, values, kept)
    for setting in schema:
        if moved and setting.kind == "secret" and kept.get(setting.key) and not given.get(setting.key):
            again = phrase("“{place}” changed: type “{secret}” again.", place=moved[0].label, secret=setting.label)
            raise Invalid(again, field=field_of(setting.key))


def _replaces_sign_in(kind: str, values: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Tell whether a token was typed that is to serve instead of what a sign-in brought."""
    sign_in = getattr(find_connector(kind), "sign_in", None)
    return sign_in is not None and any(
        values.get(key) != kept.get(key) for key in sign_in.replaced_by if kept.get(key) or values.get(key)
    )


def _moved(schema: Sequence[Setting], values: Mapping[str, Any], kept: Mapping[str, Any] | None) -> list[Setting]:
    """Return the settings that now name another server: what a sign-in brought from the old one goes."""
    before = kept or {}
    return [s for s in schema if _is_place(s) and before.get(s.key) and values[s.key] != before[s.key]]


def _place_settings(kind: str) -> list[Setting]:
    return [setting for setting in find_connector(kind).settings if _is_place(setting)]


def _is_place(setting: Setting) -> bool:
    return setting.kind == "text" and any(word in setting.key for word in PLACE_WORDS)


def _host_in(value: str) -> str:
    """Return the host of "host", "host:port" or a URL."""
    rest = value.partition("://")[2] or value
    host = rest.split("/")[0].rpartition("@")[2]
    return host.rpartition(":")[0] if host.count(":") == 1 else host
