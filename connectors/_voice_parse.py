"""A telephone call to the message that stands for it: from our own JSON or form, or from Twilio's callbacks. Pure.

Twilio: www.twilio.com/docs/usage/webhooks/voice-webhooks (status callbacks, recording status callbacks) and
www.twilio.com/docs/voice/twiml/record (transcribeCallback). Its fields are case sensitive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, get_args

from connectors._payload import line, moment, whole
from connectors._posted import LONGEST_ID, Posted, Unprocessable, address_of, line_of, moment_of, text_of
from connectors.base import Identity, InboundMessage, RemoteFile

Direction = Literal["inbound", "outbound"]
State = Literal["answered", "missed", "busy", "failed", "voicemail"]
FINAL: Mapping[str, State] = {
    "completed": "answered",
    "no-answer": "missed",
    "canceled": "missed",
    "busy": "busy",
    "failed": "failed",
}
# what Twilio says instead of a number that is withheld: help.twilio.com, "Why am I getting calls from these strange
# numbers?" (the letters of anonymous, restricted, blocked, unknown, unavailable on a telephone's keys)
WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "anonymous", "restricted"})
RECORDING_TYPE = "audio/mpeg"
LONGEST_CALL = 10_000_000  # seconds
NO_CUSTOM: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """One call. `number` is the customer's, "" where it is withheld; times in seconds."""

    id: str
    number: str
    direction: Direction = "inbound"
    state: State = "answered"
    name: str = ""
    our_number: str = ""
    seconds: int | None = None
    at: datetime | None = None
    recording_url: str = ""
    recording_type: str = RECORDING_TYPE
    words: tuple[str, ...] = ()  # transcript, note
    is_verified: bool = False
    custom: Mapping[str, str] = field(default_factory=dict)


def message_of(call: PhoneCall, kind: str) -> InboundMessage:
    """Return the message that stands for a call; `kind` is that of callers without a number."""
    return InboundMessage(
        external_id=call.id,
        sender=caller(call.number, call.id, kind, name=call.name, is_verified=call.is_verified),
        text="\n\n".join([headline(call), *filter(None, call.words)]),
        kind="audio" if call.recording_url else "text",
        remote_files=_recording(call.recording_url, call.recording_type),
        thread_key=call.number or call.id,
        sent_at=call.at,
        custom=_custom(call),
    )


def headline(call: PhoneCall) -> str:
    """Return a call in one line: "Incoming call from +49301234567, 2 min 5 s"."""
    who = call.number or "a withheld number"
    took = f", {_span(call.seconds)}" if call.seconds and call.state in {"answered", "voicemail"} else ""
    if call.direction == "outbound":
        ends: Mapping[State, str] = {"missed": ", not answered", "busy": ", busy", "failed": ", failed"}
        return f"Outgoing call to {who}{ends.get(call.state, took)}"
    starts: Mapping[State, str] = {
        "missed": "Missed call from",
        "busy": "Missed call, the line was busy, from",
        "failed": "Failed call from",
        "voicemail": "Voicemail from",
    }
    return f"{starts.get(call.state, 'Incoming call from')} {who}{took}"


def caller(number: str, call_id: str, kind: str, *, name: str = "", is_verified: bool = False) -> Identity:
    """Return who called: by phone number, by an account ("sip:…", "client:…"), or known by nothing but this call."""
    if number.lstrip("+").isdigit():
        return Identity("phone", number, name, is_verified)
    return Identity(kind, number or f"withheld:{call_id}", name or ("" if number else "Withheld number"), is_verified)


def phone_of(said: str) -> str:
    """Return a number as E.164 where it says its country, an account's name as it is, "" for a withheld number."""
    if said.lower() in WITHHELD or said in WITHHELD:
        return ""
    digits = "".join(sign for sign in said if sign in "0123456789")
    if not digits or not set(said) <= set("+0123456789 ()-./"):
        return said
    return "+" + digits.removeprefix("00") if said[0] == "+" or digits.startswith("00") else digits


# ---------------------------------------------------------------- our own JSON and form


def read_call(posted: Posted, key: str, kind: str) -> InboundMessage:
    """Return a call that another system, or a person, wrote down. Raises Unprocessable."""
    direction: Direction = _choice(posted, "direction", get_args(Direction), "inbound")
    ours, theirs = ("to", "from") if direction == "inbound" else ("from", "to")
    number = phone_of(line_of(posted, "number", 200) or line_of(posted, theirs, 200))
    if not number and posted.get("withheld") not in (True, "yes", "true"):
        raise Unprocessable('"number" is the customer\'s; say "withheld": true where it is not known.')
    call = PhoneCall(
        id=line_of(posted, "id", LONGEST_ID) or key,
        number=number,
        direction=direction,
        state=_choice(posted, "status", get_args(State), "answered"),
        name=line_of(posted, "name", 200),
        our_number=phone_of(line_of(posted, "our_number", 200) or line_of(posted, ours, 200)),
        seconds=_seconds(posted),
        at=moment_of(posted, "started_at"),
        recording_url=address_of(posted, "recording_url"),
        recording_type=line_of(posted, "recording_type", 100).lower() or RECORDING_TYPE,
        words=(_labelled("Transcript", text_of(posted, "transcript")), _labelled("Note", text_of(posted, "note"))),
        custom={"agent": agent} if (agent := line_of(posted, "agent", 200)) else {},
    )
    return message_of(call, kind)


def _choice(posted: Posted, key: str, choices: tuple[str, ...], default: str) -> Any:
    said = line_of(posted, key, 100).lower() or default
    if said not in choices:
        raise Unprocessable(f'"{key}" is one of {", ".join(choices)}.')
    return said


def _seconds(posted: Posted) -> int | None:
    said, seconds = posted.get("duration"), whole(posted.get("duration"))
    if said not in (None, "") and (seconds is None or not 0 <= seconds <= LONGEST_CALL):
        raise Unprocessable('"duration" is a whole number of seconds.')
    return seconds


# ---------------------------------------------------------------- Twilio


def twilio_messages(fields: Posted, kind: str) -> list[InboundMessage]:
    """Return what a callback tells: a call that ended, a recording, a transcript; [] for a call on its way."""
    call = _twilio_call(fields)
    if fields.get("TranscriptionText") or fields.get("TranscriptionStatus"):
        return [_twilio_transcript(fields, call, kind)]
    if fields.get("RecordingStatus", "completed") != "completed":
        return []
    if "RecordingStatus" not in fields and _ended(fields):
        return [message_of(call, kind)]
    return [_twilio_recording(fields, call, kind)] if call.recording_url else []


def _ended(fields: Posted) -> State | None:
    """Return how a call ended; the leg to the person who was dialled says more than the call that we answered."""
    return FINAL.get(line(fields.get("DialCallStatus"))) or FINAL.get(line(fields.get("CallStatus")))


def _twilio_call(fields: Posted) -> PhoneCall:
    direction: Direction = "outbound" if line(fields.get("Direction")).startswith("outbound") else "inbound"
    ours, theirs = ("To", "From") if direction == "inbound" else ("From", "To")
    took = fields.get("DialCallDuration") or fields.get("CallDuration")
    passed = line(fields.get("StirVerstat")).startswith("TN-Validation-Passed-A")
    known = {
        "forwarded_from": line(fields.get("ForwardedFrom"), 200),
        "city": line(fields.get("CallerCity"), 200),
        "country": line(fields.get("CallerCountry"), 200),
    }
    return PhoneCall(
        id=line(fields.get("CallSid"), LONGEST_ID),
        number=phone_of(line(fields.get(theirs), 200)),
        direction=direction,
        state=_ended(fields) or "answered",
        name=line(fields.get("CallerName"), 200) if direction == "inbound" else "",
        our_number=phone_of(line(fields.get(ours), 200)),
        seconds=whole(took),
        at=_twilio_moment(fields.get("Timestamp") or fields.get("RecordingStartTime")),
        recording_url=_twilio_recording_url(fields),
        is_verified=passed or direction == "outbound",
        custom={key: value for key, value in known.items() if value},
    )


def _twilio_recording(fields: Posted, call: PhoneCall, kind: str) -> InboundMessage:
    """Return a recording that came after its call: it answers the call, and stands with it."""
    id_ = line(fields.get("RecordingSid"), LONGEST_ID) or call.recording_url.rpartition("/")[2].partition(".")[0]
    seconds = whole(fields.get("RecordingDuration"))
    took = f", {_span(seconds)}" if seconds else ""
    whose = f" with {call.number}" if call.number else ""
    return InboundMessage(
        external_id=id_,
        sender=_who(call, kind),
        text=f"Recording of the call{whose}{took}",
        kind="audio",
        remote_files=_recording(call.recording_url, RECORDING_TYPE),
        thread_key=call.number or call.id,
        in_reply_to=call.id,
        sent_at=call.at,
        custom=_custom(call, is_over=False),
    )


def _twilio_transcript(fields: Posted, call: PhoneCall, kind: str) -> InboundMessage:
    said = text_of({"text": fields.get("TranscriptionText") or ""})
    words = f"Transcript of the call:\n{said}" if said else "The recording of the call could not be transcribed."
    id_ = line(fields.get("TranscriptionSid"), LONGEST_ID) or f"{call.id}:transcript"
    return InboundMessage(
        external_id=id_,
        sender=_who(call, kind),
        text=words,
        thread_key=call.number or call.id,
        in_reply_to=call.id,
        sent_at=call.at,
        custom=_custom(call, is_over=False),
    )


def _who(call: PhoneCall, kind: str) -> Identity:
    name = call.name if call.number else "Unknown caller"
    return caller(call.number, call.id, kind, name=name, is_verified=call.is_verified)


def _twilio_recording_url(fields: Posted) -> str:
    """Return where the recording is as MP3: without an ending Twilio hands out WAV, ten times as large."""
    url = address_of({"RecordingUrl": line(fields.get("RecordingUrl"), 2_000)}, "RecordingUrl")
    return url if not url or url.endswith((".mp3", ".wav")) else f"{url}.mp3"


def _twilio_moment(said: object) -> datetime | None:
    """Return the time of RFC 2822, as Twilio writes it in callbacks, or of ISO 8601."""
    try:
        found = parsedate_to_datetime(said[:64]) if isinstance(said, str) else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return moment(said)
    return found if found and found.tzinfo else moment(said)


# ---------------------------------------------------------------- parts of a message


def _recording(url: str, content_type: str) -> tuple[RemoteFile, ...]:
    return (
        (
            RemoteFile(
                "recording" + {"audio/mpeg": ".mp3", "audio/wav": ".wav"}.get(content_type, ""), content_type, url=url
            ),
        )
        if url
        else ()
    )


def _labelled(label: str, words: str) -> str:
    return f"{label}:\n{words}" if words else ""


def _custom(call: PhoneCall, *, is_over: bool = True) -> Mapping[str, str]:
    told = {
        "direction": call.direction if is_over or call.number else "",
        "call": call.state if is_over else "",
        "seconds": "" if call.seconds is None else str(call.seconds),
        "number": call.number,
        "our_number": call.our_number,
        "recording": call.recording_url,
        **call.custom,
    }
    return {key: value for key, value in told.items() if value}


def _span(seconds: int | None) -> str:
    """Return a length as people say it: "2 min 5 s", "1 h 0 min"."""
    minutes, rest = divmod(seconds or 0, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
