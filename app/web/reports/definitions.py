"""What every number of the sentiment report means, for the little cards beside them."""

from __future__ import annotations

from app.phrases import Phrase, phrase
from app.services.moods import FELL_TO, RECOVERED_TO
from app.web.reports.words import points


def definitions() -> dict[str, Phrase]:
    """Return what is said of each number, by the `about` of its column or figure."""
    return {
        "messages": phrase(
            "Customers' messages that arrived in these hours and that a model has read. Each counts once, with what "
            "the newest model version said of it; where a person corrected it, with what the person said."
        ),
        "label": phrase("Messages for which this label holds. Of several emotions the strongest counts."),
        "share": phrase("The part of the messages that were judged."),
        "stack": phrase("The part of all messages, those that were not judged included: a row adds up to 100%."),
        "net": phrase(
            "Positive minus negative among the messages that were judged, in points: +100 when all are positive, "
            "−100 when all are negative."
        ),
        "before": phrase("The same number for as many hours right before this range, up to the same time of the day."),
        "version": phrase(
            "Positive minus negative, of what this version of the model said. A new version reads old messages again "
            "in the background; its line stands beside the old one, so that a change of the model never looks like one "
            "of your customers."
        ),
        "abstained": phrase(
            "Messages of which no label may be used: the model was not sure enough, does not know the language, or "
            "there were no words. They are counted in Messages, and under no other label."
        ),
        "conversations": phrase(
            "Conversations with a message in this range in which the customer's mood is known, for who has them now."
        ),
        "fell": phrase(
            "Conversations with a message in this range in which the customer's mood went down to {points} points or "
            "lower. Mood is the mean of a conversation's sentiment, the newest message heaviest. Business hours do not "
            "matter here.",
            points=points(FELL_TO),
        ),
        "recovered": phrase(
            "Of those that fell, the conversations whose mood is {points} points or higher now.",
            points=points(RECOVERED_TO),
        ),
        "rate": phrase("Recovered conversations among those that fell."),
    }
