"""Forms on the web: made and revoked by the administrator, found by the secret in their address."""

import hashlib
import secrets

from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.kinds import Action
from botcrm.core.models import WebForm
from botcrm.core.services.access import demand
from botcrm.core.services.work import Work


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def add_web_form(work: Work, name: str, source: str = "") -> tuple[WebForm, str]:
    """Make a form, and return it with the secret of its address; only the secret's hash is kept.

    :param source: of the leads that it makes; the form's name where empty
    :raises NotAllowed: the actor may not change the company's settings
    :raises InvalidValue: there is no name, or a form of that name is in use
    """
    demand(work, "setting", Action.CHANGE)
    name = " ".join(name.split())[:100]
    if not name:
        raise InvalidValue(what="form", value=name, how="Give it a name.")
    if await WebForm.filter(name=name, revoked_at=None).exists():
        raise InvalidValue(what="form", value=name, how="A form of that name is in use.")
    secret = secrets.token_urlsafe(18)
    form = await WebForm.create(
        name=name,
        source=" ".join(source.split())[:100] or name,
        secret_hash=_hash(secret),
        created_by=work.actor.id,
        created_at=work.now,
    )
    work.remember_plain(SettingChanged, "setting", 0, key=f"web_form:{form.id}", before=None, value=name)
    return form, secret


async def web_forms(work: Work) -> list[WebForm]:
    """Return the forms in use, oldest first.

    :raises NotAllowed: the actor may not see the company's settings
    """
    demand(work, "setting", Action.READ)
    return await WebForm.filter(revoked_at=None).order_by("id")


async def web_form_by_secret(secret: str) -> WebForm | None:
    """Return the form in use behind an address."""
    return await WebForm.filter(secret_hash=_hash(secret), revoked_at=None).first()


async def revoke_web_form(work: Work, form_id: int, *, again: bool = False) -> WebForm:
    """Close a form's address, or open it again.

    :raises NotAllowed: the actor may not change the company's settings
    :raises NotFound: there is no such form
    """
    demand(work, "setting", Action.CHANGE)
    form = await WebForm.filter(id=form_id).first()
    if form is None:
        raise NotFound(ref=f"form {form_id}")
    form.revoked_at = None if again else work.now
    await WebForm.filter(id=form.id).update(revoked_at=form.revoked_at)
    before, after = (None, form.name) if again else (form.name, None)
    work.remember_plain(SettingChanged, "setting", 0, key=f"web_form:{form.id}", before=before, value=after)
    return form
