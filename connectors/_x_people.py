"""Who wrote on X: a user object of any version of the API as an Identity. Pure and total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._payload import at, line, mapping, objects, whole
from connectors.base import Identity, Profile

KIND = "x"
SITE = "https://x.com"
LONGEST_ID = 40
Users = Mapping[str, Mapping[str, Any]]


def ident(value: Any) -> str:
    """Return an id, written as a string or as a number; "" where there is none."""
    return line(value, LONGEST_ID)


def id_of(thing: Mapping[str, Any], key: str = "id") -> str:
    """Return the id under a key; the API of old has it twice, as a string where JavaScript cannot count so far."""
    return ident(thing.get(f"{key}_str")) or ident(thing.get(key))


def bare(user: Any) -> Mapping[str, Any]:
    """Return a user object without the envelope that the Activity API puts around it."""
    return mapping(mapping(user).get("data")) or mapping(user)


def users_of(*places: Any) -> Users:
    """Return users by id, from lists (v2 includes) and from objects by id (webhooks)."""
    found: dict[str, Mapping[str, Any]] = {}
    for place in places:
        for key, user in [("", user) for user in objects(place)] + list(mapping(place).items()):
            plain = bare(user)
            name = id_of(plain) or ident(key)
            if plain and name:
                found[name] = plain
    return found


def handle_of(user: Mapping[str, Any]) -> str:
    """Return "acme" of @acme."""
    return line(user.get("username") or user.get("screen_name"), 60).lstrip("@").replace("/", "")


def person(address: str, user: Mapping[str, Any], otherwise: str) -> Identity:
    """Return the sender. X vouches for an id; who wrote without one is known by `otherwise` only."""
    handle = handle_of(user)
    known = address or id_of(user)
    return Identity(
        kind=KIND,
        address=known or otherwise,
        name=line(user.get("name"), 200) or (f"@{handle}" if handle else ""),
        verified=bool(known),
        profile=_profile(user, handle),
    )


def _profile(user: Mapping[str, Any], handle: str) -> Profile | None:
    if not handle:
        return None
    picture = line(user.get("profile_image_url_https") or user.get("profile_image_url"), 1000)
    followers = whole(at(user, "public_metrics", "followers_count"))
    return Profile(
        handle=f"@{handle}",
        url=f"{SITE}/{handle}",
        avatar_url=picture if picture.startswith("https://") else "",
        followers=followers if followers is not None else whole(user.get("followers_count")),
    )
