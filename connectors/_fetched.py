"""What a server answered that was asked for a file of a message."""

from __future__ import annotations

from connectors._http import Answer
from connectors._json_api import JsonApi, Reply
from connectors.base import InboundAttachment, RemoteFile
from connectors.errors import BadCredentials, Rejected
from connectors.phrases import phrase

ANYTHING = "application/octet-stream"


def fetched(api: JsonApi, file: RemoteFile, answer: Answer, *, is_own: bool) -> InboundAttachment:
    """Return the file, of the type that its server says if it says one. Raises Transient, BadCredentials or Rejected.

    A host that is not the provider's own (`is_own`), or an address that alone opened the file, was not told who we
    are: that it refuses says nothing of the channel's credentials.
    """
    reply = Reply(answer.status, None, answer.headers)
    if not reply.is_good:
        refusal = api.refusal(reply, f"the file cannot be fetched, status {answer.status}")
        if isinstance(refusal, BadCredentials) and not is_own:
            raise Rejected(phrase("The file cannot be fetched: status {status}.", status=answer.status))
        raise refusal
    told = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return InboundAttachment(file.filename, told if told not in {"", ANYTHING} else file.content_type, answer.body)
