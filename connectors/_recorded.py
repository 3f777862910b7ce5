"""Webhook calls as other programs keep them: with their headers around the body, or one a line. Pure and total.

Gateways and test tools write a call down as {"headers": …, "body": …}, the body an object, a string or base64 (AWS:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html); Meta's console
shows its examples as {"sample": …}; streams are kept as lines of JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

AROUND = frozenset({"headers", "httpMethod", "method", "isBase64Encoded", "requestContext", "webhookUrl"})
MOST_CALLS = 10_000


def bodies(raw: bytes) -> list[bytes]:
    """Return the bodies of the calls that were written down, or the bytes as they are if this is no record."""
    read = _json(raw)
    if read is None:
        lines = [line for line in raw.splitlines() if line.strip()]
        is_lines = 1 < len(lines) <= MOST_CALLS and all(isinstance(_json(line), dict) for line in lines)
        return lines if is_lines else [raw]
    listed = read if isinstance(read, list) else [read]
    if not listed or len(listed) > MOST_CALLS or not all(_is_record(one) for one in listed):
        return [raw]
    return list(_bodies(listed))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw.lstrip()[:1] in {b"{", b"["} else None
    except (ValueError, RecursionError):
        return None


def _is_record(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return (isinstance(value.get("body"), (dict, list, str)) and bool(AROUND & value.keys())) or [*value] == ["sample"]


def _bodies(records: list[dict[str, Any]]) -> Iterator[bytes]:
    for record in records:
        body = record.get("body", record.get("sample"))
        if not isinstance(body, str):
            yield json.dumps(body).encode()
        elif record.get("isBase64Encoded") is True:
            yield _decoded(body)
        else:
            yield body.encode("utf-8", "replace")


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return body.encode("utf-8", "replace")
