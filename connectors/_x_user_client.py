"""tweepy's client for a person's access token of OAuth 2.0: its methods take OAuth 1.0a for granted."""

from __future__ import annotations

from typing import Any

import tweepy


class UserClient(tweepy.Client):  # type: ignore[misc]  # tweepy publishes no types
    """Shows the access token with every call, whichever way a method would sign it."""

    def request(
        self,
        method: str,
        route: str,
        params: Any = None,
        json: Any = None,
        user_auth: bool = False,  # noqa: ARG002 - tweepy's own signature
    ) -> Any:
        """Call X as tweepy does with a bearer token."""
        return super().request(method, route, params=params, json=json, user_auth=False)
