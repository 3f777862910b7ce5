"""Moods, emotions, urgency and languages in words: how what the models said of a customer is told to a colleague."""

from __future__ import annotations

from datetime import datetime

from app.queries.mood_lines import MoodLine
from app.render import clock, words
from app.services import moods
from app.services.moods import MoodStep

STEPS = {
    MoodStep.GOOD: "Good",
    MoodStep.RATHER_GOOD: "Rather good",
    MoodStep.EVEN: "Even",
    MoodStep.RATHER_BAD: "Rather bad",
    MoodStep.BAD: "Bad",
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
URGENCIES = {"high": "Urgent", "normal": "Normal", "low": "Can wait"}
TASKS = {
    "sentiment": "Sentiment",
    "emotion": "Emotion",
    "intent": "Intent",
    "urgency": "Urgency",
    "request": "Asks for something",
    "spam": "Spam",
}
LANGUAGES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
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
    parts = [f"began {STEPS[began].lower()}"] if len(line.scores) > 1 and (fell or began is not end) else []
    if fell:
        parts.append(f"fell to {STEPS[lowest].lower()}{_when(line.lowest_at)}")
    if moods.recovered(line.lowest, line.mood):
        parts.append("recovered")
    elif line.slope is not None and abs(line.slope) >= DRIFT:
        parts.append("rising" if line.slope > 0 else "falling")
    return ", ".join(parts)


def _when(moment: datetime | None) -> str:
    told = clock(moment)
    return f" {'on' if ',' in told else 'at'} {told}" if told else ""


def language_name(code: str | None) -> str:
    """Return the English name of a language, or its code where it is rare."""
    if not code or code == UNDETERMINED:
        return "Unknown"
    return LANGUAGES.get(code, code)


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
