"""People and bots who sign in: invite, role, sessions, profile. Who lets them see what stands in inboxes and teams."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import outbox
from app.errors import Conflict, Invalid, NotFound
from app.events import AccessChanged
from app.models import Role, TokenPurpose, User, UserToken
from app.phrases import phrase
from app.services import first_steps

THEMES = ("system", "light", "dark")
LONGEST_NAME = 100
LONGEST_EMAIL = 254


def clean_email(text: str) -> str:
    """Return an address in the form it is stored in. Raises Invalid."""
    email = text.strip().lower()
    local, at, domain = email.rpartition("@")
    plain = email.isprintable() and not any(character in email for character in ' \t<>,;:"()')
    if not (at and local and "." in domain and not domain.startswith(".") and plain and "@" not in local):
        raise Invalid(phrase("Write a whole address, like ana@example.com."), field="email")
    if len(email) > LONGEST_EMAIL:
        raise Invalid(phrase("This address is too long."), field="email")
    return email


def clean_name(text: str) -> str:
    """Return a name with its blanks put in order. Raises Invalid."""
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise Invalid(phrase("Say what to call this person."), field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(phrase("Use at most {most} characters.", most=LONGEST_NAME), field="name")
    return name


def role_named(text: str) -> Role:
    """Return a role by its word. Raises Invalid."""
    try:
        return Role(text)
    except ValueError:
        raise Invalid(phrase("Choose one of {choices}.", choices=", ".join(Role)), field="role") from None


def session_id(user: User) -> str:
    """Return what a session cookie says of its user; it stops to fit when the password changes."""
    return f"{user.public_id}:{user.session_version}"


def find_by_session(session: Session, token: str) -> User | None:
    """Return the active user whom a session cookie names, if it still holds."""
    public_id = public_id_in(token)
    user = session.scalar(select(User).where(User.public_id == public_id)) if public_id else None
    return user if user and is_session_of(user, token) else None


def public_id_in(token: str) -> UUID | None:
    """Return whom a session cookie names, whether or not it still holds."""
    try:
        return UUID(token.rpartition(":")[0])
    except ValueError:
        return None


def is_session_of(user: User, token: str) -> bool:
    """Tell whether a session cookie of this user still holds."""
    return user.is_active and token == session_id(user)


def find_by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def get(session: Session, public_id: str) -> User:
    """Return a user by public id. Raises NotFound."""
    try:
        user = session.scalar(select(User).where(User.public_id == UUID(public_id)))
    except ValueError:
        user = None
    if user is None:
        raise NotFound
    return user


def get_by_email(session: Session, email: str) -> User:
    """Return a user by address. Raises NotFound."""
    user = find_by_email(session, email)
    if user is None:
        raise NotFound(phrase("There is no user with the address {address}.", address=email))
    return user


def add(session: Session, *, email: str, name: str, role: Role, password_hash: str | None = None) -> User:
    """Make a user; without a hash they cannot sign in before they use an invitation. Raises Invalid."""
    user = User(email=clean_email(email), name=clean_name(name), role=role, password_hash=password_hash)
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise Invalid(phrase("A user with this address exists already."), field="email") from None
    return user


def set_role(session: Session, *, user: User, role: Role) -> None:
    """Give a user another role. Raises Conflict if no admin would be left."""
    if user.role is role:
        return
    if user.role is Role.ADMIN:
        _keep_one_admin(session, user)
    user.role = role
    _access_changed(session, user)


def deactivate(session: Session, *, user: User) -> None:
    """End a user's sessions and links at once; what they did stays. Raises Conflict for the last admin."""
    if not user.is_active:
        return
    if user.role is Role.ADMIN:
        _keep_one_admin(session, user)
    user.is_active = False
    _end_sessions(session, user)


def activate(session: Session, *, user: User) -> None:
    user.is_active = True
    _access_changed(session, user)


def set_password(session: Session, *, user: User, password_hash: str) -> None:
    """Store a new password; every session and every open link of the user ends."""
    user.password_hash = password_hash
    _end_sessions(session, user)


def renew_hash(session: Session, *, user_id: int, old: str, new: str) -> None:
    """Store the same password hashed with today's costs; sessions go on."""
    session.execute(update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new))


def sign_out_everywhere(session: Session, *, user: User) -> None:
    _end_sessions(session, user)


def edit_profile(session: Session, *, user: User, name: str, theme: str, is_accepting: bool) -> None:
    """Change what a user decides about themselves. Raises Invalid."""
    user.name = clean_name(name)
    first_steps.note_tried(session, user=user, what=first_steps.PROFILE)
    set_theme(session, user=user, theme=theme)
    set_accepting(session, user=user, is_accepting=is_accepting)


def set_theme(session: Session, *, user: User, theme: str) -> None:
    """Choose light or dark, or leave it to the device. Raises Invalid."""
    if theme not in THEMES:
        raise Invalid(phrase("Choose one of {choices}.", choices=", ".join(THEMES)), field="theme")
    user.theme = theme
    session.flush()


def set_accepting(session: Session, *, user: User, is_accepting: bool) -> None:
    """Say whether new conversations may be given to this user by routing."""
    user.is_accepting = is_accepting
    session.flush()


def _keep_one_admin(session: Session, user: User) -> None:
    """Lock all admins in one order, so that two who demote each other cannot both succeed."""
    admins = select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id).with_for_update()
    if set(session.scalars(admins)) <= {user.id}:
        raise Conflict(phrase("This is the last active admin: make somebody else an admin first."))


def _end_sessions(session: Session, user: User) -> None:
    user.session_version = User.session_version + 1
    session.flush()
    used = [TokenPurpose.INVITE, TokenPurpose.RESET]
    session.execute(
        update(UserToken)
        .where(UserToken.user_id == user.id, UserToken.purpose.in_(used), UserToken.used_at.is_(None))
        .values(used_at=UserToken.created_at)
    )
    session.refresh(user)
    _access_changed(session, user)


def _access_changed(session: Session, user: User) -> None:
    session.flush()
    outbox.record(session, AccessChanged(user_id=user.id, user=str(user.public_id)))
