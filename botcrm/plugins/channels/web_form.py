"""Channel: a form on the web, or a site's web hook, makes leads that somebody calls within the hour."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from botcrm import (
    Button,
    ButtonHandler,
    Channel,
    Chat,
    Command,
    CrmError,
    Incoming,
    Line,
    Manifest,
    Plugin,
    Screen,
    Settings,
    Verb,
    WebAnswer,
    WebRequest,
    WebRoute,
    Words,
    Work,
    bold,
    esc,
    hookimpl,
    lines,
    models,
    services,
)
from botcrm.plugins.channels.form_data import FormData, Unreadable, read_form
from botcrm.plugins.channels.form_page import POLICY, form_page, short_page, thanks_page

manifest = Manifest(
    title="Web form",
    about="Forms on the web and web hooks of sites make leads, with a call to make within the hour.",
    needs=("lead.read", "contact.read", "deal.read", "activity.read", "activity.add"),
)

_WINDOW = timedelta(minutes=1)
_MOST_REMOTES = 10_000
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
}


class WebFormSettings(Settings):
    """What an administrator can choose."""

    call_within_minutes: int = Field(60, ge=5, le=2400, description="Working minutes until the lead is to be called")
    remind_every_minutes: int = Field(60, ge=0, le=2400, description="Working minutes between reminders (0: only one)")
    forms_per_minute: int = Field(10, ge=1, le=1000, description="Forms a minute from one address on the net")


@hookimpl
def register_settings() -> type[Settings]:
    """Name the settings."""
    return WebFormSettings


@hookimpl
def register_channels(plugin: Plugin) -> list[Channel]:
    """Name the channel."""
    return [WebForm(plugin)]


@hookimpl
def register_commands() -> list[Command]:
    """Name /webform."""
    return [
        Command(
            verb=Verb("webform", takes_subject=False),
            handler=webform,
            menu="Forms on your site that make leads",
            examples=("/webform", "/webform Ask for an offer, site"),
            more="A name makes a form; what follows the comma is the source of its leads.",
            permission="setting.change",
        )
    ]


@hookimpl
def register_buttons() -> list[ButtonHandler]:
    """Name the buttons of the list of forms."""
    return [ButtonHandler("close", close_form), ButtonHandler("open", reopen_form)]


# --- in the chat -------------------------------------------------------------------------------------------------------


async def webform(chat: Chat, line: Line) -> Screen | str:
    """Make a form, or show those in use."""
    text = line.text_after().strip()
    if not text:
        return await _list(chat)
    name, _, source = text.partition(",")
    form, secret = await services.add_web_form(chat.work, name, source)
    url = f"{chat.plugin.public_url}/lead/{secret}"
    t = chat.words.t
    return lines(
        "🌐 " + bold(t("Form {name}", name=form.name)),
        f"<code>{esc(url)}</code>",
        t("Open it in a browser, link to it, or have your site send its forms there."),
        t("The address is shown this once: keep it. Leads will have the source {source}.", source=bold(form.source)),
        _reached(chat),
    )


def _reached(chat: Chat) -> str:
    """Say what is missing for others to open the address."""
    base = chat.plugin.public_url
    if base.startswith("http"):
        local = any(host in base for host in ("//127.", "//localhost", "//[::1]"))
        return chat.words.t("Only this machine reaches it: set BOTCRM_PUBLIC_URL.") if local else ""
    return chat.words.t("Nothing is served over HTTP now: set BOTCRM_HTTP_PORT.")


async def _list(chat: Chat) -> Screen:
    forms = await services.web_forms(chat.work)
    t = chat.words.t
    made = [
        t(
            "• {name} — source {source}, since {day}",
            name=bold(f.name),
            source=esc(f.source),
            day=_day(chat, f.created_at),
        )
        for f in forms
    ]
    text = lines(
        "🌐 " + bold(t("Forms in use")) if forms else t("There is no form yet."),
        *made,
        t("Make one: {example}", example="<code>/webform Ask for an offer, site</code>"),
    )
    return Screen(
        text,
        tuple(
            [Button("✖ " + t("Close {name}", name=form.name[:40]), press="close", args=(form.id,))] for form in forms
        ),
    )


def _day(chat: Chat, moment: datetime) -> str:
    return chat.words.day(chat.words.wall(moment))


async def close_form(chat: Chat, form_id: str) -> Screen:
    """Close a form's address."""
    form = await services.revoke_web_form(chat.work, int(form_id))
    text = chat.words.t("The address of {name} is closed: nothing comes in by it any more.", name=bold(form.name))
    return Screen(text, ([Button(chat.words.t("Open it again"), press="open", args=(form.id,))],))


async def reopen_form(chat: Chat, form_id: str) -> Screen:
    """Open a form's address again."""
    await services.revoke_web_form(chat.work, int(form_id), again=True)
    return await _list(chat)


# --- over HTTP ---------------------------------------------------------------------------------------------------------


class WebForm(Channel):
    """Takes forms in; nobody can be answered over it."""

    name = "web_form"
    title = "Web form"
    answers = False

    def __init__(self, plugin: Plugin) -> None:
        super().__init__(plugin)
        self._lately: dict[str, deque[datetime]] = {}

    def routes(self) -> Iterable[WebRoute]:
        """Return the form's page, where it is sent to, and what browsers ask before a site sends it."""
        path = "lead/{secret}"
        return (
            WebRoute("GET", path, self.show),
            WebRoute("POST", path, self.take),
            WebRoute("OPTIONS", path, self.permit),
        )

    async def permit(self, request: WebRequest) -> WebAnswer:
        """Let any site send."""
        return WebAnswer(status=204, headers=_CORS)

    async def show(self, request: WebRequest) -> WebAnswer:
        """Show the form."""
        async with self.plugin.work() as work:
            form = await services.web_form_by_secret(request.query["secret"])
            words = Words(work.prefs, work.now)
        if form is None:
            return _closed(words)
        hidden = {key: value[:300] for key, value in list(request.query.items())[:20] if key != "secret"}
        return _page(form_page(words.t, words.prefs.language, form.name, {}, hidden))

    async def take(self, request: WebRequest) -> WebAnswer:
        """Take a filled-in form, and answer in kind: a page to a browser's form, JSON to a program."""
        kind = request.headers.get("content-type", "")
        program = "json" in kind or "application/json" in request.headers.get("accept", "")
        async with self.plugin.work() as work:
            form = await services.web_form_by_secret(request.query["secret"])
            words = Words(work.prefs, work.now)
        if form is None:
            return _json(404, error="no form is taken at this address") if program else _closed(words)
        if not self._in_time(request.remote):
            text = words.t("Too many at once. Try again in a minute.")
            answer = _json(429, error=text) if program else _page(short_page(words.t, words.prefs.language, text), 429)
            return WebAnswer(answer.body, 429, answer.content_type, {**answer.headers, "Retry-After": "60"})
        try:
            data = read_form(kind, request.body)
        except Unreadable as exc:
            return _json(400, error=str(exc))
        if not data.trapped:
            async with self.plugin.work() as work:
                wrong = _wrong(work, words, data)
                if not wrong:
                    await self._keep(work, form, data, request)
            if wrong and program:
                return _json(400, error=wrong, fields=["phone", "email"])
            if wrong:
                hidden = {name: value for name, value in data.rest.items() if name.startswith("utm_")}
                return _page(form_page(words.t, words.prefs.language, form.name, data.known, hidden, wrong), 400)
        if program:
            return _json(201, ok=True)
        return _page(thanks_page(words.t, words.prefs.language, form.name))

    def _in_time(self, remote: str) -> bool:
        """Count a form, and tell whether this address sends no more of them than it may."""
        now = self.plugin.now()
        if len(self._lately) > _MOST_REMOTES:
            self._lately = {key: sent for key, sent in self._lately.items() if now - sent[-1] < _WINDOW}
        most = self.plugin.settings.forms_per_minute
        sent = self._lately.setdefault(remote, deque())
        while sent and now - sent[0] >= _WINDOW:
            sent.popleft()
        sent.append(now)
        if len(sent) > most:
            sent.pop()
            return False
        return True

    async def _keep(self, work: Work, form: models.WebForm, data: FormData, request: WebRequest) -> None:
        """Keep the form, what goes with it, and the call to make, all together; the same once more changes nothing."""
        digest = data.fingerprint(form.id)
        minute = int(work.now.timestamp() // 60)
        sent_before = models.Message.filter(channel=self.name, created_at__gt=work.now - _WINDOW)
        if await sent_before.filter(external_id=f"{digest}:{minute - 1}").exists():
            return
        words = Words(work.prefs, work.now)
        known = data.known
        incoming = Incoming(
            address=known.get("phone") or known.get("email") or digest,
            text=_text(words, data),
            external_id=f"{digest}:{minute}",
            name=known.get("name", "")[:300],
            phone=known.get("phone"),
            email=known.get("email"),
            company=known.get("company", "")[:300],
            source=known.get("source") or form.source,
        )
        message_id = await services.receive_message(work, self.name, incoming, answerable=False)
        if message_id is None:
            return
        message = await models.Message.get(id=message_id)
        links: dict[str, Any] = {
            "deal_id": message.deal_id,
            "contact_id": message.contact_id,
            "lead_id": message.lead_id,
        }
        note = _note(words, form, data, request)
        if note:
            await services.add_note(work, note, **links)
        await self._plan_call(work, words, data, message.owner_id, links)

    async def _plan_call(
        self, work: Work, words: Words, data: FormData, owner_id: int | None, links: dict[str, Any]
    ) -> None:
        settings = self.plugin.settings
        minutes = settings.call_within_minutes
        kind = "call" if "phone" in data.known else "email"
        if minutes == 60:
            title = words.t("Call within one hour") if kind == "call" else words.t("Write within one hour")
        else:
            time = words.minutes(minutes)
            title = (
                words.t("Call within {time}", time=time)
                if kind == "call"
                else words.t("Write within {time}", time=time)
            )
        await services.plan_activity(
            work,
            kind,
            title,
            await services.due_within(work, timedelta(minutes=minutes), owner_id),
            owner_id=owner_id,
            repeat_minutes=settings.remind_every_minutes or None,
            **links,
        )


def _wrong(work: Work, words: Words, data: FormData) -> str:
    """Return what keeps a form from being of use: nobody could be reached."""
    phone, email = data.known.get("phone"), data.known.get("email")
    if _is_good(lambda: services.clean_phone(work, phone)) or _is_good(lambda: services.clean_email(email)):
        return ""
    if phone:
        return words.t(
            "This is no phone number: {text}. Write it with its country code, like +48 601 234 567.", text=phone
        )
    if email:
        return words.t("This is no e-mail address: {text}. Write it like anna@example.com.", text=email)
    return words.t("Leave a phone number or an e-mail address.")


def _is_good(read: Callable[[], str | None]) -> bool:
    try:
        return bool(read())
    except CrmError:
        return False


def _text(words: Words, data: FormData) -> str:
    known = data.known
    about = (
        (words.t("Phone"), known.get("phone")),
        (words.t("E-mail"), known.get("email")),
        (words.t("Company"), known.get("company")),
        (words.t("Key word"), data.rest.get("utm_term")),
    )
    return lines(known.get("text"), *(f"{label}: {value}" for label, value in about if value))


def _note(words: Words, form: models.WebForm, data: FormData, request: WebRequest) -> str:
    """Return all else that came with a form, so that it outlives the form; empty where there was nothing."""
    rest = dict(data.rest)
    page = request.headers.get("referer", "")
    if page and request.query["secret"] not in page:
        rest.setdefault("page", page[:500])
    if not rest:
        return ""
    return lines(words.t("Form {name}", name=form.name), *(f"{name}: {value}" for name, value in rest.items()))


def _page(html: str, status: int = 200) -> WebAnswer:
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        **_CORS,
    }
    return WebAnswer(html, status, "text/html; charset=utf-8", headers)


def _closed(words: Words) -> WebAnswer:
    return _page(short_page(words.t, words.prefs.language, words.t("This form is closed.")), 404)


def _json(status: int, **facts: Any) -> WebAnswer:
    return WebAnswer(json.dumps(facts, ensure_ascii=False), status, "application/json; charset=utf-8", _CORS)
