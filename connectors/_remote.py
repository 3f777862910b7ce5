"""Fetches a file that a message only named, and says in our errors why it did not come."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

from connectors import _http
from connectors._json_api import FIRST_ERROR, JsonApi, Reply, retry_after
from connectors.base import InboundAttachment, MayReach, RemoteFile
from connectors.errors import Rejected
from connectors.phrases import phrase
from connectors.submission import clean_line

ANY_TYPE = "application/octet-stream"
FIRST_REDIRECT = 300
NO_HEADERS: Mapping[str, str] = {}


def fetched(
    file: RemoteFile,
    url: str,
    *,
    name: str,
    may_reach: MayReach,
    headers: Mapping[str, str] = NO_HEADERS,
    most_bytes: int = _http.MOST_FILE_BYTES,
) -> InboundAttachment:
    """GET a file; `name` ("Slack") begins the sentences of errors. Raises Transient, BadCredentials or Rejected.

    Without headers nobody signed in, so a 401 or 403 is about this file only.
    """
    answer = _http.download(url, headers=headers, may_reach=may_reach, most_bytes=most_bytes)
    if answer.status >= FIRST_ERROR:
        reply = Reply(answer.status, None, answer.headers)
        if not headers and answer.status < 500 and retry_after(reply) is None:
            raise Rejected(
                phrase("{name} does not hand this file out: status {status}.", name=name, status=answer.status)
            )
        raise JsonApi(name, url).refusal(reply)
    if answer.status >= FIRST_REDIRECT:
        raise Rejected(
            phrase("{name} does not say where this file is: status {status}.", name=name, status=answer.status)
        )
    told = clean_line(answer.headers.get("content-type", ""), 100).partition(";")[0].strip().lower()
    content_type = told if told and told != ANY_TYPE else file.content_type or ANY_TYPE
    return InboundAttachment(filename_of(file.filename, content_type), content_type, answer.body)


def filename_of(given: str, content_type: str) -> str:
    """Return a file's name without any folder; one that has none is called after its type."""
    bare = clean_line(given.replace("\\", "/").rpartition("/")[2], 200).strip(". ")
    return bare or "file" + (mimetypes.guess_extension(content_type) or "")
