"""Signing in at a provider instead of pasting tokens: what a kind of channel says of it, and what a sign-in brings.

A connector that can do it has `sign_in` and these methods; the house keeps `state`, PKCE's verifier and what is gained.

    sign_in_address(credentials, *, redirect_uri, state, challenge) -> (provider, address)
    signed_in(credentials, *, code, verifier, redirect_uri) -> the accounts that the sign-in opened
    is_registered(credentials, *, redirect_uri) -> bool                              if an app must be made first,
    register(credentials, *, redirect_uri) -> settings                               which a call can do
    settled(credentials) -> None                                                     if something is left to be done
    renews_at(credentials) -> Unix seconds, None: never                              if what was gained ends
    renewed(credentials) -> settings to keep instead                                 likewise

All of them raise Transient, BadCredentials or Rejected; only `sign_in_address`, `is_registered` and `renews_at` call
nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.phrases import phrase


@dataclass(frozen=True, slots=True)
class SignIn:
    """What people must know before they sign in, and how one account is told from another.

    `steps` are sentences: what is to be done at the provider first. Of `account_keys`, settings that say whose channel
    this is, the first that is known on both sides decides.
    """

    steps: tuple[str, ...] = ()
    account_keys: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()  # secrets: who types one of them anew no longer wants what a sign-in brought
    offers_several: bool = False  # one sign-in may open several accounts: "No page" instead of "Nothing"
    account_word: str = "account"  # what one of them is called: "page"

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(phrase(step) for step in self.steps))  # gathered: workers/translations


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """One account that a sign-in opened. `credentials` are the settings to keep if it is chosen."""

    credentials: Mapping[str, Any] = field(repr=False)
    key: str = ""  # the provider's id of it
    name: str = ""  # as people know it
    detail: str = ""  # one more word to tell it from others
