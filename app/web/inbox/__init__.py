"""The live inbox: the list, the conversation beside it, its composer and actions; cases and contacts."""

from __future__ import annotations

from flask import Flask

from app.web.inbox import (
    actions,
    answers,
    at_provider,
    bulk,
    canned,
    case,
    case_conversations,
    checklists,
    composer,
    contact,
    conversation,
    conversation_list,
    corrections,
    draft_files,
    drafts,
    entries,
    files,
    helpers,
    jumping,
    layouts,
    linking,
    macros,
    note_words,
    regrouping,
    revealing,
    rows,
    search,
    spam,
    timeline_items,
    together,
    transcript,
    translated,
    translating,
    views,
)
from app.web.inbox.looks import LOOKS, many


def register(app: Flask) -> None:
    for module in (
        conversation_list,
        conversation,
        composer,
        drafts,
        draft_files,
        actions,
        corrections,
        files,
        helpers,
        jumping,
        macros,
        linking,
        together,
        regrouping,
        spam,
        revealing,
        at_provider,
        case,
        case_conversations,
        checklists,
        contact,
        entries,
        search,
        transcript,
        translating,
        views,
        bulk,
        canned,
    ):
        app.register_blueprint(module.pages)
    app.jinja_env.globals.update(
        LOOKS
        | answers.LOOKS
        | layouts.LOOKS
        | note_words.LOOKS
        | translated.LOOKS
        | {"RELATION_WORDS": linking.WORDS}
        | {"view_address": views.address_of, "bulk_choices": bulk.choices, "bulk_sentence": bulk.sentence}
        | {"bulk_result": bulk.result, "state_words": bulk.state_words, "drawn_rows": rows.drawn_rows}
    )
    app.jinja_env.filters["many"] = many
    timeline_items.register(app)
