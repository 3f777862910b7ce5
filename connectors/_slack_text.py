"""Slack's markup to plain words and back: docs.slack.dev/messaging/formatting-message-text. Linear, pure."""

from __future__ import annotations

from collections.abc import Mapping

ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # the ampersand last: "&amp;lt;" means "&lt;"
MAIL, PHONE = "mailto:", "tel:"
# the short names that people react with most; any other name is shown between colons, as Slack writes it
EMOJI = {
    "+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "heart": "❤️", "white_check_mark": "✅",
    "heavy_check_mark": "✔️", "eyes": "👀", "tada": "🎉", "joy": "😂", "smile": "😄", "slightly_smiling_face": "🙂",
    "grinning": "😀", "laughing": "😆", "wink": "😉", "thinking_face": "🤔", "pray": "🙏", "clap": "👏", "fire": "🔥",
    "rocket": "🚀", "raised_hands": "🙌", "ok_hand": "👌", "wave": "👋", "100": "💯", "x": "❌", "warning": "⚠️",
    "cry": "😢", "sob": "😭", "disappointed": "😞", "slightly_frowning_face": "🙁", "angry": "😠", "rage": "😡",
    "confused": "😕", "heart_eyes": "😍", "star": "⭐", "bulb": "💡", "question": "❓", "exclamation": "❗",
    "muscle": "💪", "sweat_smile": "😅", "hugging_face": "🤗", "point_up": "☝️", "party_popper": "🎉", "handshake": "🤝",
}  # fmt: skip


def plain(markup: str, names: Mapping[str, str]) -> str:
    """Return the words of a message as people see them; `names` of users by their id."""
    first, *pieces = markup.split("<")
    words = [first]
    for piece in pieces:
        inner, closed, rest = piece.partition(">")
        words.append((_reference(inner, names) if closed else "<" + inner) + rest)
    text = "".join(words)
    for escape, sign in ESCAPES:
        text = text.replace(escape, sign)
    return _with_signs(text)


def _with_signs(text: str) -> str:
    """Return a text with the signs of the short names between colons; "at 10:100:5" has none."""
    pieces = text.split(":")
    words, place = [pieces[0]], 1
    while place < len(pieces):
        is_closed, follows_word = place + 1 < len(pieces), pieces[place - 1][-1:].isalnum()
        sign = _sign(pieces[place]) if is_closed and not follows_word else None
        if sign is None:
            words.append(f":{pieces[place]}")
            place += 1
        else:
            words += [sign, pieces[place + 1]]
            place += 2
    return "".join(words)


def _sign(name: str) -> str | None:
    return "" if name.startswith("skin-tone-") else EMOJI.get(name)


def escaped(text: str) -> str:
    """Return words as Slack takes them: what looks like markup for a mention or a link stays words."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def emoji(name: str) -> str:
    """Return the sign of a short name, without its skin tone; one that we do not know, between colons."""
    bare = name.strip(":").partition("::")[0]
    return EMOJI.get(bare) or (f":{bare}:" if bare else "")


def _reference(inner: str, names: Mapping[str, str]) -> str:
    """Return what stands between angle brackets: @user, #channel, !special or an address, each with "|label"."""
    target, _, label = inner.partition("|")
    match target[:1]:
        case "@":
            return "@" + (label or names.get(target[1:]) or target[1:]).removeprefix("@")
        case "#":
            return "#" + (label or target[1:]).removeprefix("#")
        case "!":
            return label or "@" + target[1:].partition("^")[0]
    bare = target.removeprefix(MAIL).removeprefix(PHONE)
    return f"{label} ({bare})" if label and label not in {bare, target} and not bare.endswith(f"://{label}") else bare
