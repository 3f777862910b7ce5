"""Moods, emotions, urgency and languages in words: how what the models said of a customer is told to a colleague."""

from __future__ import annotations

from datetime import datetime

from app.languages import language, translated
from app.phrases import listed, phrase, phrase_in
from app.queries.mood_lines import MoodLine
from app.render import clock, words, zone
from app.services import moods
from app.services.moods import MoodStep

STEPS = {
    MoodStep.GOOD: phrase_in("mood", "Good"),
    MoodStep.RATHER_GOOD: phrase_in("mood", "Rather good"),
    MoodStep.EVEN: phrase_in("mood", "Even"),
    MoodStep.RATHER_BAD: phrase_in("mood", "Rather bad"),
    MoodStep.BAD: phrase_in("mood", "Bad"),
}
BEGAN = {
    MoodStep.GOOD: phrase("began good"),
    MoodStep.RATHER_GOOD: phrase("began rather good"),
    MoodStep.EVEN: phrase("began even"),
    MoodStep.RATHER_BAD: phrase("began rather bad"),
    MoodStep.BAD: phrase("began bad"),
}
STEP_SENTIMENTS = {  # the sentiment whose colour and face a step wears
    MoodStep.GOOD: "positive",
    MoodStep.RATHER_GOOD: "positive",
    MoodStep.EVEN: "neutral",
    MoodStep.RATHER_BAD: "negative",
    MoodStep.BAD: "negative",
}
DRIFT = 0.1  # of the mood a message, from which on it is said where it goes
EMOTIONS = {
    "anger": "angry",
    "frustration": "annoyed",
    "disappointment": "cloud-rain",
    "worry": "circle-alert",
    "confusion": "message-circle-question-mark",
    "gratitude": "heart",
    "joy": "laugh",
}
URGENCIES = {
    "high": phrase_in("label", "Urgent"),
    "normal": phrase_in("label", "Normal"),
    "low": phrase_in("urgency", "Can wait"),
}
TASKS = {
    "sentiment": phrase_in("label", "Sentiment"),
    "emotion": phrase_in("label", "Emotion"),
    "intent": phrase_in("label", "Intent"),
    "urgency": phrase_in("label", "Urgency"),
    "request": phrase("Asks for something"),
    "spam": phrase_in("label", "Spam"),
}
UNDETERMINED = "und"


def mood_words(mood: float | None) -> str:
    """Say a mood in [-1, 1] in words."""
    return STEPS[moods.step_of(mood)]


def mood_look(mood: float | None) -> str:
    """Return the sentiment whose colour and face a mood wears."""
    return STEP_SENTIMENTS[moods.step_of(mood)]


def trajectory_words(line: MoodLine) -> str:
    """Say how a conversation went: "began even, fell to bad on 3 Nov, 14:02, recovered"; "" where nothing moved."""
    began, lowest, end = (moods.step_of(value) for value in (line.start, line.lowest, line.mood))
    fell = line.lowest <= moods.FELL_TO and lowest is not began
    parts: list[str] = [BEGAN[began]] if len(line.scores) > 1 and (fell or began is not end) else []
    if fell:
        parts.append(_fell(lowest, line.lowest_at))
    if moods.recovered(line.lowest, line.mood):
        parts.append(phrase("recovered"))
    elif line.slope is not None and abs(line.slope) >= DRIFT:
        parts.append(phrase("rising") if line.slope > 0 else phrase("falling"))
    return translated(listed(parts))


def _fell(lowest: MoodStep, at: datetime | None) -> str:
    """Say when it was worst; that far a mood falls to "bad" or "rather bad" only."""
    is_worst = lowest is MoodStep.BAD
    if at is None:
        return phrase("fell to bad") if is_worst else phrase("fell to rather bad")
    time = clock(at)
    if time == f"{at.astimezone(zone()):%H:%M}":  # today
        bad, rather = phrase("fell to bad at {time}", time=time), phrase("fell to rather bad at {time}", time=time)
    else:
        bad, rather = phrase("fell to bad on {time}", time=time), phrase("fell to rather bad on {time}", time=time)
    return bad if is_worst else rather


def language_name(code: str | None) -> str:
    """Return the name of a language in the reader's own, or its code where it is rare."""
    if not code or code == UNDETERMINED:
        return phrase_in("language", "Unknown")
    name = str(language().locale.languages.get(code) or code)
    return name if name == code else name[:1].upper() + name[1:]


def urgency_words(label: str) -> str:
    return URGENCIES.get(label, words(label))


FEELINGS = {
    "mood_words": mood_words,
    "mood_look": mood_look,
    "trajectory_words": trajectory_words,
    "language_name": language_name,
    "urgency_words": urgency_words,
    "EMOTIONS": EMOTIONS,
    "URGENCIES": URGENCIES,
}
