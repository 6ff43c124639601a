"""Joining by link: one-time tokens that let somebody in."""

import hashlib
import secrets
from datetime import timedelta

from botcrm.core.domain.errors import InviteUnusable, NotAllowed
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.models import Invite, User
from botcrm.core.services.staff.people import add_user, needs_first_administrator, role_called
from botcrm.core.services.work import Work

INVITE_LASTS = timedelta(days=7)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def invite(work: Work, role: str, name: str = "", manager_id: int | None = None) -> str:
    """Make a one-time token that lets one person in; only its hash is stored.

    :param role: its word or its name
    :raises NotAllowed: the actor may not add people, or not with that role
    :raises InvalidValue: there is no such role
    """
    found = await role_called(role)
    if not work.actor.is_system:
        limited = work.actor.grants.get("user.add", Reach.NONE) != Reach.ALL
        if work.actor.grants.get("user.add", Reach.NONE) == Reach.NONE or (limited and found.key != "rep"):
            raise NotAllowed(entity="user", action=Action.ADD)
        if limited:
            manager_id = work.actor.id
    if found.key == "admin" and await needs_first_administrator():
        # Every start prints a link until somebody took one; the ones before it must not make a second administrator.
        await Invite.filter(role_id=found.id, used_at=None, expires_at__gt=work.now).update(expires_at=work.now)
    token = secrets.token_urlsafe(24)
    await Invite.create(
        token_hash=_hash(token),
        role=found,
        name=name[:200],
        manager_id=manager_id,
        created_at=work.now,
        expires_at=work.now + INVITE_LASTS,
    )
    return token


async def is_invite(token: str) -> bool:
    """Tell whether a token was ever given out as an invitation, whether or not it still lets anybody in."""
    return await Invite.filter(token_hash=_hash(token)).exists()


async def accept_invite(work: Work, token: str, telegram_id: int, name: str, username: str | None) -> User:
    """Let the holder of a one-time token in; who is in already stays as they are, and the token good for somebody else.

    :raises InviteUnusable: it is unknown, used or too old
    """
    known = await User.filter(telegram_id=telegram_id, active=True).first()
    if known:
        return known
    found = await Invite.filter(token_hash=_hash(token), used_at=None).prefetch_related("role").first()
    if found is None or found.expires_at <= work.now:
        raise InviteUnusable
    taken = await Invite.filter(id=found.id, used_at=None).update(used_at=work.now)
    if not taken:
        raise InviteUnusable
    user = await add_user(
        work,
        name=found.name or name,
        role=found.role.key,
        telegram_id=telegram_id,
        manager_id=found.manager_id,
        username=username,
    )
    await Invite.filter(id=found.id).update(used_by=user.id)
    return user
