"""The words that nlp/tone.py looks for in an agent's draft. Every repetition in the patterns is short and bounded."""

from __future__ import annotations

import re

from nlp.phrases import any_of

_NOT_DONE = (
    "read|follow|provide|pay|send|reply|respond|check|attach|include|tell|listen|answer|fill|update|charge|return|keep|"
    "cancel|bother|specify|choose|enter|complete|look|ask|contact|inform|mention|understand|use|care"
)
_OUGHT = (
    "read|checked|told|contacted|asked|known|done|followed|sent|ordered|paid|noticed|thought|kept|used|looked|listened|"
    "called|written|chosen|said|waited|informed|mentioned|replied|answered|cancelled|canceled|been more careful"
)

BLAMING = any_of(
    rf"you (?:really |clearly )?should(?:n't have| not have| have|'ve) ~?(?:{_OUGHT})",
    r"you (?:have )?failed to",
    rf"you (?:(?:clearly|obviously|simply|just|apparently) )?(?:didn't|did not|don't|do not) (?:even )?(?:{_NOT_DONE})",
    r"you never (?:answered|replied|responded|read|told|sent|listen|listened|paid|provided|checked|asked)",
    r"(?:entirely |completely |all |only )?your (?:own )?(?:fault|mistake|error|negligence)",
    r"your (?:own )?(?:responsibility|job|duty) to",
    r"you (?:obviously|clearly|apparently|simply) (?:entered|typed|chose|ordered|used|broke|forgot|missed|ignored|got)",
    r"you (?:must|probably must) have (?:dropped|broken|damaged|misused|entered|done|forgotten|deleted|spilled)",
    rf"if you had (?:only |just |simply )?(?:{_OUGHT})",
    r"you were (?:already )?(?:told|informed|warned)(?! by (?:the|our))",
    r"you (?:chose|decided) (?:to|not to) ignore",
    r"you forgot to",
    r"you (?:simply |just |clearly )?ignored",
    r"caused by you(?! r)",
    r"you caused",
    r"something (?:that )?you (?:did|must have done)",
    r"why (?:didn't|did not|haven't) you",
    r"nobody else has (?:this|that|a) problem",
    r"as you did not",
    r"because of you",
    r"you just don't",
)
# what takes the blame away again: said of us, of a doubt, or with the hand held out
NOT_BLAMING = any_of(
    r"not your (?:fault|mistake|error)",
    r"isn't your (?:fault|mistake)",
    r"wasn't your (?:fault|mistake)",
    r"if you (?:didn't|did not|don't|do not|forgot)",
    r"in case you",
    r"no (?:worries|problem|harm)",
    r"don't worry",
    r"(?:were|was) not (?:told|informed|warned)",
    r"our (?:mistake|fault|error)",
    r"happens (?:easily|to)",
    r"you don't (?:need|have) to",
    r"you do not (?:need|have) to",
)

COLD = any_of(
    r"as (?:already |previously )?(?:stated|mentioned|said)(?: already| before| above)",
    r"as (?:already|previously) (?:stated|mentioned|said|explained)",
    r"as i (?:already )?(?:said|told you|stated)",
    r"not (?:our|my) (?:problem|job|business|concern|department)",
    r"(?:nothing|no more) (?:that )?(?:we|i) can do",
    r"(?:we|i) (?:can't|cannot|can not|won't) help you",
    r"per (?:our|the|company) policy",
    r"no exceptions",
    r"case (?:is )?closed",
    r"(?:read|look at|see|refer to|check) the (?:faq|terms|manual|website|documentation)",
    r"look it up",
    r"(?:request|claim|refund|complaint|application) (?:has been |was |is )?(?:denied|rejected|refused)",
    r"(?:do not|don't) (?:write|contact|call|ask) (?:us |me )?again",
    r"(?:i|we) (?:do not|don't) (?:care|see what you)",
    r"that's how it is",
    r"it is what it is",
    r"ask (?:somebody|someone) else",
    r"(?:buy|get|find) it (?:somewhere|elsewhere)",
    r"take it or leave it",
    r"whatever",
    r"not possible",
    r"it says so",
    r"nothing to do with us",
    r"too bad",
)
# words that make a refusal bearable; one of them in the draft, and nothing in it counts as cold
WARM = any_of(
    r"sorry|apologi[sz]e|apologies|thanks?|thank you|please|pleasure|glad|happy to|welcome|understand|appreciate",
    r"afraid|unfortunately|regret|hope|kind(?:ly)?|gladly|wish|enjoy|great|perfect|lovely|best|regards|dear",
    r"instead|however|but (?:i|we) can|shall i|would you|could you|i can offer|we can offer|let me|feel free",
    r"danke|bitte|leider|gerne?|entschuldigung|merci|désolée?|gracias|por favor|grazie|bedankt|alstublieft",
)
TERSE = frozenset({"no", "noted", "whatever", "denied", "rejected", "impossible", "wrong", "so what", "and"})

ANGRY = any_of(
    r"are you (?:kidding|joking|serious|deaf|blind|crazy)",
    r"(?:this|that|it|you|you're|you are)(?: is|'s| are)? "
    r"(?:just |so |completely |totally )?(?:ridiculous|absurd|stupid)",
    r"(?:for|this is) the (?:last|hundredth|tenth|third) time",
    r"wast(?:e|ing) (?:of )?(?:our|my|everyone's) time",
    r"(?:calm|settle) down",
    r"how (?:many times|often) (?:do|must|should|have) (?:i|we)",
    r"(?:told|answered|explained|said) (?:you )?(?:this )?(?:\w{1,9}|a (?:hundred|thousand)) times",
    r"what part of",
    r"sick (?:and tired )?of",
    r"(?:i'm|i am|we're|we are) (?:fed up|losing my|losing our)",
    r"(?:had|have had|i've had) enough of",
    r"shut up|damn(?: it)?|bullshit|nonsense|bloody|the hell|crap|idiots?|idiotic|moron|liar|screw you|get lost",
    r"don't be (?:stupid|ridiculous|silly|an)",
    r"you people",
    r"you never listen",
    r"(?:seriously|really)[?!]{2}|seriously\?",
    r"at last!",
)

INTERNAL = any_of(
    r"internal(?:ly)? only|for internal use|internal(?: note| use|):",
    r"(?:do not|don't|dont|never) (?:tell|mention|show|say|share)(?: this| that| it| anything)?(?: to| with)? "
    r"(?:the|this) (?:customer|client|contact|caller|guest)",
    r"(?:note|reminder|memo) to (?:self|myself|team|colleagues)",
    r"(?:not to be|must not be|never) (?:shared|shown|sent|told|forwarded)(?: \w{1,12}){0,2} "
    r"(?:customers?|clients?|contact|caller|guest)",
    r"(?:do not|don't) (?:tell|mention) (?:\w{1,12} ){1,4}(?:to )?(?:him|her|them)",
    r"fyi,? (?:team|all|guys|colleagues|support)",
    r"between (?:us|you and me|ourselves),",
    r"off the record",
    r"not for (?:the )?(?:customer|client|public)",
    r"known complainer|problem customer|difficult customer",
)
MENTION = re.compile(r"(?<![\w.@/])@[a-z][\w.-]{1,30}(?![\w.-]*\.\w)", re.IGNORECASE)
