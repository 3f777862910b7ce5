"""What is asked of a text: the tasks, their labels, and what stands for a text that says nothing."""

from __future__ import annotations

SENTIMENTS = ("negative", "neutral", "positive")
EMOTIONS = ("anger", "frustration", "disappointment", "worry", "confusion", "gratitude", "joy")
INTENTS = (
    "order_status",
    "order_change",
    "refund_return",
    "billing_payment",
    "account_access",
    "account_update",
    "cancellation",
    "technical_issue",
    "security_fraud",
    "product_info",
    "sales_enquiry",
    "complaint",
    "praise_thanks",
    "contact_human",
    "spam_marketing",
    "other",
)
LABELS: dict[str, tuple[str, ...]] = {
    "sentiment": SENTIMENTS,
    "emotion": EMOTIONS,
    "intent": INTENTS,
    "urgency": ("low", "normal", "high"),
    "request": ("no", "yes"),
    "spam": ("ham", "spam"),
}
TASKS = tuple(LABELS)
NONE = "none"  # the emotion of a text without one
MANY = frozenset({"emotion"})  # tasks of which a text may have several labels, or none
LABEL_OF_NOTHING = {
    "sentiment": "neutral",
    "emotion": NONE,
    "intent": "other",
    "urgency": "low",
    "request": "no",
    "spam": "ham",
}
