"""Formatted replies of ours, as the timeline shows them: cleaned once more, what is sensitive hidden."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from markupsafe import Markup

from app.discretion import discreet_html
from app.queries.timeline import MessageRow
from connectors.sanitize import sanitize_html

NO_PICTURES: Mapping[str, str] = MappingProxyType({})


def layout_of(row: MessageRow) -> Markup:
    """Return the formatted words of a message, its own pictures in them; "" for a plain one."""
    if not row.layout or row.is_cut:
        return Markup("")
    pictures = {file.content_id: f"/attachments/{file.id}?show=1" for file in row.attachments if file.content_id}
    return planned_layout(row.layout, pictures)


def planned_layout(html: str, pictures: Mapping[str, str] = NO_PICTURES) -> Markup:
    """Return the formatted words of what is to be written, likewise."""
    return Markup(discreet_html(sanitize_html(html, cid_urls=pictures).html))  # noqa: S704 - cleaned by nh3


LOOKS = {"layout_of": layout_of, "planned_layout": planned_layout}
