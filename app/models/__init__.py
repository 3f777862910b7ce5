"""Every table, one noun a file. Rows are thin: columns, constraints, and what is true of one row by itself."""

from app.models.activity import Activity
from app.models.alert import (
    Alert,
    AlertKind,
    AlertMetric,
    AlertNotice,
    AlertRecipient,
    AlertRule,
    AlertWay,
    NoticeState,
    Watched,
)
from app.models.ask import Ask, AskKind, AskState
from app.models.audit_entry import AuditAction, AuditEntry, PrivacySetting
from app.models.automation_rule import AutomationRule
from app.models.base import Base
from app.models.blocked_sender import BlockedSender
from app.models.bulk_action import BulkAction, BulkItem, BulkItemState, BulkState
from app.models.business_hours import BusinessHours
from app.models.canned_response import CannedResponse, CannedResponseUse, CannedResponseVariant
from app.models.case import Case, CaseConversation, CaseStatus, CaseType
from app.models.channel_template import ChannelTemplate
from app.models.checklist import ChecklistItem, ChecklistTemplate
from app.models.contact import Contact, ContactIdentity
from app.models.conversation import Conversation, ConversationRead, Priority, Status, ThreadReference
from app.models.conversation_link import ConversationLink, LinkKind
from app.models.conversation_mood import ConversationMood
from app.models.correction import Correction
from app.models.delivery import Delivery, DeliveryState
from app.models.draft import Draft, DraftFile, DraftKind, DraftVersion
from app.models.follower import Follower
from app.models.house_setting import HouseSetting
from app.models.inbox import AssigneeThen, Channel, ChannelState, Inbox, InboxAccess, Reopening
from app.models.kb_article import ArticleState, KbArticle
from app.models.light_head import HeadActivation, HeadKind, Learning, LightHead, Subject
from app.models.look_up import LookUp, LookUpState
from app.models.macro import Macro, MacroRun
from app.models.mailbox_check import CheckState, MailboxCheck
from app.models.message import Attachment, DailyCount, Direction, Message, SendState, Visibility
from app.models.message_action import ActionState, MessageAction
from app.models.message_change import MessageChange
from app.models.message_reaction import MessageReaction
from app.models.message_revision import MessageRevision
from app.models.message_translation import MessageTranslation, TranslationState
from app.models.note_mention import MentionedUser, NoteMention, NoteThread
from app.models.notice_setting import NoticeScope, NoticeSetting
from app.models.outbox_event import Heartbeat, OutboxEvent
from app.models.prediction import MessageEmbedding, Prediction, PredictionModel
from app.models.private_thread import PrivateThread
from app.models.push import PushAsk, PushLetter, PushState, PushSubscription
from app.models.read_mark import ReadMark
from app.models.regrouping import Regrouping, RegroupingKind
from app.models.remote_file import FetchState, RemoteFile
from app.models.saved_view import ListSetting, SavedView, ViewScope
from app.models.scheduled_reply import ScheduledReply, ScheduledState
from app.models.search import ContactKey, FoundWords, MessageWords, RecentSearch, SearchKind, SearchProgress
from app.models.sending_setting import SendingSetting
from app.models.sentiment_count import SentimentCount, SentimentDay, SentimentHour
from app.models.suggestion import SuggestionEmbedding, SuggestionUse
from app.models.tag import Tag, Tagging
from app.models.taken_back import TakenBack
from app.models.task_threshold import TaskThreshold
from app.models.user import Presence, Role, Team, TeamMember, TokenPurpose, User, UserToken
from app.models.webhook import WebhookDelivery, WebhookEndpoint, WebhookState
from app.models.workspace_intent import IntentExample, WorkspaceIntent

__all__ = [
    "ActionState",
    "Activity",
    "Alert",
    "AlertKind",
    "AlertMetric",
    "AlertNotice",
    "AlertRecipient",
    "AlertRule",
    "AlertWay",
    "ArticleState",
    "Ask",
    "AskKind",
    "AskState",
    "AssigneeThen",
    "Attachment",
    "AuditAction",
    "AuditEntry",
    "AutomationRule",
    "Base",
    "BlockedSender",
    "BulkAction",
    "BulkItem",
    "BulkItemState",
    "BulkState",
    "BusinessHours",
    "CannedResponse",
    "CannedResponseUse",
    "CannedResponseVariant",
    "Case",
    "CaseConversation",
    "CaseStatus",
    "CaseType",
    "Channel",
    "ChannelState",
    "ChannelTemplate",
    "CheckState",
    "ChecklistItem",
    "ChecklistTemplate",
    "Contact",
    "ContactIdentity",
    "ContactKey",
    "Conversation",
    "ConversationLink",
    "ConversationMood",
    "ConversationRead",
    "Correction",
    "DailyCount",
    "Delivery",
    "DeliveryState",
    "Direction",
    "Draft",
    "DraftFile",
    "DraftKind",
    "DraftVersion",
    "FetchState",
    "Follower",
    "FoundWords",
    "HeadActivation",
    "HeadKind",
    "Heartbeat",
    "HouseSetting",
    "Inbox",
    "InboxAccess",
    "IntentExample",
    "KbArticle",
    "Learning",
    "LightHead",
    "LinkKind",
    "ListSetting",
    "LookUp",
    "LookUpState",
    "Macro",
    "MacroRun",
    "MailboxCheck",
    "MentionedUser",
    "Message",
    "MessageAction",
    "MessageChange",
    "MessageEmbedding",
    "MessageReaction",
    "MessageRevision",
    "MessageTranslation",
    "MessageWords",
    "NoteMention",
    "NoteThread",
    "NoticeScope",
    "NoticeSetting",
    "NoticeState",
    "OutboxEvent",
    "Prediction",
    "PredictionModel",
    "Presence",
    "Priority",
    "PrivacySetting",
    "PrivateThread",
    "PushAsk",
    "PushLetter",
    "PushState",
    "PushSubscription",
    "ReadMark",
    "RecentSearch",
    "Regrouping",
    "RegroupingKind",
    "RemoteFile",
    "Reopening",
    "Role",
    "SavedView",
    "ScheduledReply",
    "ScheduledState",
    "SearchKind",
    "SearchProgress",
    "SendState",
    "SendingSetting",
    "SentimentCount",
    "SentimentDay",
    "SentimentHour",
    "Status",
    "Subject",
    "SuggestionEmbedding",
    "SuggestionUse",
    "Tag",
    "Tagging",
    "TakenBack",
    "TaskThreshold",
    "Team",
    "TeamMember",
    "ThreadReference",
    "TokenPurpose",
    "TranslationState",
    "User",
    "UserToken",
    "ViewScope",
    "Visibility",
    "Watched",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookState",
    "WorkspaceIntent",
]
