"""The tags and rules a workspace starts with; admins change them as they like."""

from __future__ import annotations

from typing import Any

from app.phrases import phrase

TAGS = (
    ("complaint", "red"),
    ("refund", "amber"),
    ("cancellation", "orange"),
    ("security", "violet"),
    ("sales", "green"),
    ("automatic", "slate"),
    ("spam", "slate"),
)

INTENTS = (  # what the understanding tells apart, in words; a workspace may know others
    ("order_status", phrase("Where is my order")),
    ("order_change", phrase("Order, change or cancel an order")),
    ("refund_return", phrase("Refund or return")),
    ("billing_payment", phrase("Billing and payment")),
    ("account_access", phrase("Cannot sign in")),
    ("account_update", phrase("Change of an account")),
    ("cancellation", phrase("Cancel a subscription")),
    ("technical_issue", phrase("Something does not work")),
    ("security_fraud", phrase("Security or fraud")),
    ("product_info", phrase("Question about a product")),
    ("sales_enquiry", phrase("Wants to buy")),
    ("complaint", phrase("Complaint")),
    ("praise_thanks", phrase("Praise or thanks")),
    ("contact_human", phrase("Wants a person")),
    ("spam_marketing", phrase("Advertising or spam")),
    ("other", phrase("Something else")),
)

URGENT_WORDS = "urgent, asap, immediately, right now, unacceptable, lawyer, legal action, dringend, sofort, urgente"


def _when(*of: tuple[str, str, str], match: str = "all") -> dict[str, Any]:
    return {"match": match, "of": [{"field": field, "operator": how, "value": value} for field, how, value in of]}


def _do(*actions: tuple[str, str]) -> list[dict[str, str]]:
    return [{"do": do, "value": value} for do, value in actions]


# name, conditions, actions, stop: in the order they run; every new conversation then goes to its inbox's team by turns
RULES: tuple[tuple[str, dict[str, Any], list[dict[str, str]], bool], ...] = (
    (
        "Automatic mail is only labelled",
        _when(("automatic", "is", "yes")),
        _do(("add_tag", "automatic")),
        True,
    ),
    (
        "Advertising is only labelled",
        _when(("intent", "is", "spam_marketing"), ("intent_confidence", "at_least", "0.8")),
        _do(("add_tag", "spam")),
        True,
    ),
    (
        "Lost cards and break-ins come first",
        _when(("intent", "is", "security_fraud")),
        _do(("set_priority", "urgent"), ("add_tag", "security")),
        False,
    ),
    (
        "Complaints are answered soon",
        _when(("intent", "is", "complaint"), ("sentiment", "is", "negative")),
        _do(("set_priority", "high"), ("add_tag", "complaint"), ("open_case", "complaint")),
        False,
    ),
    (
        "Angry and urgent",
        _when(("sentiment", "is", "negative"), ("text", "contains_any", URGENT_WORDS)),
        _do(("set_priority", "high")),
        False,
    ),
    (
        "A mood that turned bad comes sooner",
        _when(("mood", "at_most", "-0.4"), ("mood_fell", "at_least", "0.5")),
        _do(("set_priority", "high")),
        False,
    ),
    (
        "Anger that cannot wait",
        _when(("emotion", "has_any", "anger"), ("urgency", "is", "high")),
        _do(("set_priority", "urgent")),
        False,
    ),
    (
        "Refunds and returns are cases",
        _when(("intent", "is", "refund_return")),
        _do(("add_tag", "refund"), ("open_case", "request")),
        False,
    ),
    (
        "Cancellations are cases",
        _when(("intent", "is", "cancellation")),
        _do(("add_tag", "cancellation"), ("set_priority", "high"), ("open_case", "request")),
        False,
    ),
    (
        "Somebody wants to buy",
        _when(("intent", "is", "sales_enquiry")),
        _do(("add_tag", "sales")),
        False,
    ),
)
